//! The leases of what a command has fetched. What it has not revealed is given back at its end.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use secrets_runtime::Resolver;

use crate::output::reporter::Reporter;

/// The resolvers of this process.
static RESOLVERS: Mutex<Vec<Resolver>> = Mutex::new(Vec::new());

/// Whether values with leases were revealed.
static IS_REVEALED: AtomicBool = AtomicBool::new(false);

/// Has the leases of a resolver given back at the end.
pub fn remember(resolver: &Resolver) {
    RESOLVERS.lock().unwrap_or_else(PoisonError::into_inner).push(resolver.clone());
}

/// Leaves all leases to their time, since their values are revealed, and says until when they hold.
pub fn leave(reporter: &Reporter) {
    let resolvers = RESOLVERS.lock().unwrap_or_else(PoisonError::into_inner);
    for lease in resolvers.iter().flat_map(Resolver::leases) {
        IS_REVEALED.store(true, Ordering::Relaxed);
        reporter.info(&format!("note: nobody renews the value of {lease}"));
    }
}

/// Leaves the lease of a secret to its time, since its value is revealed.
pub fn leave_one(secret: &str, lease: &secrets_runtime::backend::Lease, reporter: &Reporter) {
    IS_REVEALED.store(true, Ordering::Relaxed);
    reporter.info(&format!(
        "note: nobody renews the value of `{secret}`, which ends in {} s (lease `{}`)",
        lease.duration().as_secs(),
        lease.id(),
    ));
}

/// Gives back what is not revealed: leases, and the tokens of logins.
pub fn give_back() {
    if IS_REVEALED.load(Ordering::Relaxed) {
        return;
    }
    let resolvers = std::mem::take(&mut *RESOLVERS.lock().unwrap_or_else(PoisonError::into_inner));
    resolvers.iter().for_each(Resolver::shutdown_blocking);
}
