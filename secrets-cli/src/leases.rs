//! The leases of what a command has fetched. What it has not revealed is given back at its end.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use secrets_runtime::{Backend, Resolver, admin::StoredSecret, backend::Lease};

use crate::output::reporter::Reporter;

/// The resolvers of this process.
static RESOLVERS: Mutex<Vec<Resolver>> = Mutex::new(Vec::new());

/// The leases of secrets that were read, and not revealed so far.
static READ: Mutex<Vec<(Arc<dyn Backend>, Lease)>> = Mutex::new(Vec::new());

/// Whether values with leases were revealed.
static IS_REVEALED: AtomicBool = AtomicBool::new(false);

/// Has the leases of a resolver given back at the end.
pub fn remember(resolver: &Resolver) {
    lock(&RESOLVERS).push(resolver.clone());
}

/// Leaves all leases to their time, since their values are revealed, and says until when they hold.
pub fn leave(reporter: &Reporter) {
    let resolvers = lock(&RESOLVERS);
    for lease in resolvers.iter().flat_map(Resolver::leases) {
        IS_REVEALED.store(true, Ordering::Relaxed);
        reporter.info(&format!("note: nobody renews the value of {lease}"));
    }
}

/// Has all leases given back after all: their values were not revealed.
pub fn take_back() {
    IS_REVEALED.store(false, Ordering::Relaxed);
}

/// Has the lease of a secret given back at the end, unless it is left to its time. A secret that is read without a
/// resolver's cache is known nowhere else.
pub fn record(backend: &Arc<dyn Backend>, secret: &StoredSecret) {
    if let Some(lease) = secret.lease() {
        lock(&READ).push((backend.clone(), lease.clone()));
    }
}

/// Leaves the lease of a secret to its time, since its value is revealed.
pub fn leave_one(name: &str, lease: &Lease, reporter: &Reporter) {
    IS_REVEALED.store(true, Ordering::Relaxed);
    lock(&READ).retain(|(_, read)| read.id() != lease.id());
    reporter.info(&format!(
        "note: nobody renews the value of `{name}`, which ends in {} s (lease `{}`)",
        lease.duration().as_secs(),
        lease.id(),
    ));
}

/// Revokes the leases whose values no output shows, and the tokens of logins.
pub fn give_back() {
    for (backend, lease) in std::mem::take(&mut *lock(&READ)) {
        // It ends by itself otherwise.
        let _ = backend.revoke_blocking(&lease);
    }
    if IS_REVEALED.load(Ordering::Relaxed) {
        return;
    }
    let resolvers = std::mem::take(&mut *lock(&RESOLVERS));
    resolvers.iter().for_each(Resolver::shutdown_blocking);
}

fn lock<T>(list: &Mutex<T>) -> MutexGuard<'_, T> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}
