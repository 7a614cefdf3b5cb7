//! A lease that steps and the cache share: its holders, and when it ends.

use std::{
    fmt, process,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
    time::{Instant, SystemTime},
};

use crate::{backend::lease::Lease, context::open_lease::OpenLease};

/// A lease and its holders. It may be revoked when the last holder is dropped.
pub(crate) struct SharedLease {
    /// The id with which the backend was asked for the secret.
    secret: String,
    /// The process that was granted the lease. A child of `fork` neither uses nor revokes it.
    process: u32,
    /// One instant, on the cache's clock and in system time.
    moment: (Instant, SystemTime),
    state: Mutex<LeaseState>,
}

struct LeaseState {
    lease: Lease,
    end: Instant,
    stage: LeaseStage,
    /// The number of steps that hold the lease.
    holders: usize,
    is_cached: bool,
    /// Whether a step has taken a hold since the last renewal.
    is_used: bool,
    /// Whether the lease is revoked even if steps hold it.
    is_shut_down: bool,
    is_warned_of: bool,
    /// Wakes the task that renews the lease.
    keeper: Option<Waker>,
    /// Wakers of the tasks that wait until the lease is over.
    waiting: Vec<Waker>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LeaseStage {
    Active,
    /// The lease is being revoked.
    Revoked,
    /// The lease has ended or was revoked.
    Over,
}

impl SharedLease {
    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    /// Returns the lease, as it was last granted.
    pub(crate) fn lease(&self) -> Lease {
        self.lock().lease.clone()
    }

    pub(crate) fn end(&self) -> Instant {
        self.lock().end
    }

    /// Returns when the lease ends, in system time.
    pub(crate) fn expires_at(&self) -> SystemTime {
        let (at, time) = self.moment;
        time + self.end().saturating_duration_since(at)
    }

    /// Returns the public view of the lease.
    pub(crate) fn shown(&self) -> OpenLease {
        OpenLease {
            secret: self.secret.clone(),
            lease: self.lease(),
            expires_at: self.expires_at(),
        }
    }

    /// Returns a hold for a step that begins, unless the lease is over or is being revoked.
    pub(crate) fn hold(self: &Arc<Self>) -> Option<LeaseHold> {
        let mut state = self.lock();
        if state.stage != LeaseStage::Active || state.is_shut_down || self.is_of_parent() {
            return None;
        }
        state.holders += 1;
        state.is_used = true;
        drop(state);
        Some(LeaseHold(self.clone()))
    }

    /// Returns the handle of the cache.
    pub(crate) fn cached(self: &Arc<Self>) -> CachedLease {
        self.lock().is_cached = true;
        CachedLease(self.clone())
    }

    /// Sets the renewed lease. `asked_at` is when the renewal was requested.
    pub(crate) fn renewed(&self, lease: Lease, asked_at: Instant) {
        let mut state = self.lock();
        state.end = asked_at + lease.duration();
        state.lease = lease;
        state.is_used = false;
    }

    /// Makes the lease count as not renewable.
    pub(crate) fn cannot_be_renewed(&self) {
        let mut state = self.lock();
        state.lease = state.lease.clone().not_renewable();
    }

    /// Whether a step holds the lease.
    pub(crate) fn is_held(&self) -> bool {
        self.lock().holders > 0
    }

    /// Whether a step holds the lease, or has taken a hold since the last renewal.
    pub(crate) fn is_wanted(&self) -> bool {
        let state = self.lock();
        state.holders > 0 || state.is_used
    }

    /// Whether the lease may be revoked: it has no holders, or it is shut down.
    pub(crate) fn is_let_go(&self) -> bool {
        self.lock().is_let_go()
    }

    /// Whether the lease is revoked even if steps hold it.
    pub(crate) fn is_shut_down(&self) -> bool {
        self.lock().is_shut_down
    }

    /// Begins the revocation, if the lease may be revoked. From now on it cannot be held.
    pub(crate) fn begin_revocation(&self) -> bool {
        let mut state = self.lock();
        let is_let_go = state.is_let_go();
        if is_let_go {
            state.stage = LeaseStage::Revoked;
        }
        is_let_go
    }

    /// Whether to warn its holders, which is done once.
    pub(crate) fn warns(&self) -> bool {
        let mut state = self.lock();
        state.holders > 0 && !std::mem::replace(&mut state.is_warned_of, true)
    }

    /// Has the lease revoked even if steps hold it.
    pub(crate) fn shut_down(&self) {
        let mut state = self.lock();
        state.is_shut_down = true;
        let keeper = state.keeper.take();
        drop(state);
        keeper.into_iter().for_each(Waker::wake);
    }

    /// Notes that the lease is over.
    pub(crate) fn finish(&self) {
        let mut state = self.lock();
        state.stage = LeaseStage::Over;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Whether the lease is over. If not, the waker is woken when it is.
    pub(crate) fn is_over(&self, waker: &Waker) -> bool {
        let mut state = self.lock();
        let is_over = state.stage == LeaseStage::Over;
        if !is_over {
            state.waiting.push(waker.clone());
        }
        is_over
    }

    /// Sets the waker of the task that renews the lease. It is woken when the lease may be revoked.
    pub(crate) fn set_keeper(&self, waker: &Waker) {
        let before = self.lock().keeper.replace(waker.clone());
        drop(before);
    }

    /// Whether this process is a child of the process that was granted the lease.
    pub(crate) fn is_of_parent(&self) -> bool {
        self.process != process::id()
    }

    /// Changes the state, and wakes the keeper if the lease may be revoked then.
    fn change(&self, change: impl FnOnce(&mut LeaseState)) {
        let mut state = self.lock();
        change(&mut state);
        let keeper = if state.is_let_go() { state.keeper.take() } else { None };
        drop(state);
        keeper.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, LeaseState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LeaseState {
    fn is_let_go(&self) -> bool {
        self.is_shut_down || (self.holders == 0 && !self.is_cached)
    }
}

/// A hold of a step, or of the call that fetches for one.
pub(crate) struct LeaseHold(Arc<SharedLease>);

impl LeaseHold {
    /// Creates the first hold of the lease of a value that was requested at this time.
    pub(crate) fn new(
        secret: &str,
        lease: Lease,
        asked_at: Instant,
        fetched_at: SystemTime,
    ) -> Self {
        let state = LeaseState {
            end: asked_at + lease.duration(),
            lease,
            stage: LeaseStage::Active,
            holders: 1,
            is_cached: false,
            is_used: true,
            is_shut_down: false,
            is_warned_of: false,
            keeper: None,
            waiting: Vec::new(),
        };
        Self(Arc::new(SharedLease {
            secret: secret.to_owned(),
            process: process::id(),
            moment: (asked_at, fetched_at),
            state: Mutex::new(state),
        }))
    }

    pub(crate) fn lease(&self) -> &Arc<SharedLease> {
        &self.0
    }

    /// Turns it into the hold of another process, as a child of `fork` has it.
    #[cfg(test)]
    pub(crate) fn of_process(mut self, process: u32) -> Self {
        Arc::get_mut(&mut self.0).expect("it is the only handle").process = process;
        self
    }
}

impl Clone for LeaseHold {
    fn clone(&self) -> Self {
        self.0.lock().holders += 1;
        Self(self.0.clone())
    }
}

impl Drop for LeaseHold {
    fn drop(&mut self) {
        self.0.change(|state| state.holders -= 1);
    }
}

impl fmt::Debug for LeaseHold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LeaseHold").field(&self.0.lease()).finish()
    }
}

/// The handle of the cache. When it and all holds are dropped, the lease is revoked.
pub(crate) struct CachedLease(Arc<SharedLease>);

impl CachedLease {
    pub(crate) fn lease(&self) -> &Arc<SharedLease> {
        &self.0
    }
}

impl Drop for CachedLease {
    fn drop(&mut self) {
        self.0.change(|state| state.is_cached = false);
    }
}
