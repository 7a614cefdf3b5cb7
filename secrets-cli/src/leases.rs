//! The leases of the values that a command has fetched. Those of values that it did not reveal are revoked at its end.

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

/// Revokes the leases of a resolver at the end.
pub fn remember(resolver: &Resolver) {
    lock(&RESOLVERS).push(resolver.clone());
}

/// Keeps all leases at the end, since their values are revealed, and notes when each lease ends.
pub fn leave(reporter: &Reporter) {
    let resolvers = lock(&RESOLVERS);
    for lease in resolvers.iter().flat_map(Resolver::leases) {
        IS_REVEALED.store(true, Ordering::Relaxed);
        reporter.info(&format!("note: nobody renews the value of {lease}"));
    }
}

/// Cancels [`leave`]: the values were not revealed, so their leases are revoked at the end.
pub fn take_back() {
    IS_REVEALED.store(false, Ordering::Relaxed);
}

/// Revokes the lease of a secret at the end, unless its value is revealed. For a secret that is read without a
/// resolver's cache, which would know the lease.
pub fn record(backend: &Arc<dyn Backend>, secret: &StoredSecret) {
    if let Some(lease) = secret.lease() {
        lock(&READ).push((backend.clone(), lease.clone()));
    }
}

/// Does not revoke the lease of a secret at the end, since its value is revealed.
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
