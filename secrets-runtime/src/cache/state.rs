use std::{
    any::Any,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Wake, Waker},
    time::Duration,
};

use crate::{
    backend::{generation, lease::MAX_DURATION},
    cache::{
        answer::Reuse,
        derived::{DeferredDrops, SlotId, Validity},
        entries::Entries,
        lease::Leases,
        pending::PendingCalls,
    },
    rt::{clock::Clock, timer::Alarm},
};

/// The state that all handles of a cache share.
pub(super) struct CacheState {
    /// Nothing is cached if it is zero.
    pub(super) ttl: Duration,
    pub(super) stale: Duration,
    pub(super) clock: Clock,
    pub(super) contents: Mutex<Contents>,
    sweeper: Waker,
}

/// The entries, the running requests, the leases, and the alarm for the next end.
pub(super) struct Contents {
    pub(super) entries: Entries,
    pub(super) pending: PendingCalls,
    pub(super) leases: Leases,
    alarm: Alarm,
    /// The writes of this process up to this generation have removed the entries that they make old.
    generation: u64,
}

impl CacheState {
    pub(super) fn new(ttl: Duration, stale: Duration, clock: Clock) -> Arc<Self> {
        let contents = Contents {
            entries: Entries::default(),
            pending: PendingCalls::default(),
            leases: Leases::default(),
            alarm: Alarm::new(clock.clone()),
            generation: generation::current(),
        };
        Arc::new_cyclic(|state| Self {
            ttl: ttl.min(MAX_DURATION),
            stale: stale.min(MAX_DURATION),
            clock,
            contents: Mutex::new(contents),
            sweeper: Waker::from(Arc::new(Sweeper(state.clone()))),
        })
    }

    /// Stores a result that a step derived from entries, until one of them is replaced or dropped; `None` if that has
    /// already happened. Also returns the generation of writes up to which that is known.
    pub(super) fn derive(
        &self,
        slot: SlotId,
        made_of: Reuse,
        value: Arc<dyn Any + Send + Sync>,
    ) -> Option<(Validity, u64)> {
        self.change(|contents, dropped| {
            let validity = contents.entries.derive(slot, made_of, value, dropped)?;
            Some((validity, contents.generation))
        })
    }

    /// Drops the entries that this process has overwritten. Returns the generation up to which that is done.
    pub(super) fn catch_up_with_writes(&self) -> u64 {
        self.with_contents(|contents, _| contents.generation)
    }

    /// Changes the contents, and sets the alarm to the next end.
    pub(super) fn change<R>(
        &self,
        change: impl FnOnce(&mut Contents, &mut DeferredDrops) -> R,
    ) -> R {
        self.with_contents(|contents, dropped| {
            let result = change(contents, dropped);
            match contents.entries.next_end() {
                Some(end) => contents.alarm.set(end, &self.sweeper),
                None => contents.alarm.clear(),
            }
            result
        })
    }

    /// Locks the contents, after entries that this process has overwritten were dropped. Values are dropped after the
    /// lock is released: one may be the last handle to anything that its step has made.
    pub(super) fn with_contents<R>(
        &self,
        read: impl FnOnce(&mut Contents, &mut DeferredDrops) -> R,
    ) -> R {
        let mut dropped = DeferredDrops::new();
        let mut contents = self.lock();
        contents.catch_up_with_writes(&mut dropped);
        let result = read(&mut contents, &mut dropped);
        drop(contents);
        drop(dropped);
        result
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    /// Drops the entries that this process has overwritten.
    fn catch_up_with_writes(&mut self, dropped: &mut DeferredDrops) {
        if self.generation == generation::current() {
            return;
        }
        let (writes, generation) = generation::since(self.generation);
        match &writes {
            Some(writes) => {
                writes.iter().for_each(|write| self.entries.forget_written(write, dropped));
                // Only its answer says for sure which secret a request is for.
                self.pending.forget(|key| writes.iter().any(|write| *write.kind == *key.kind));
            }
            None => {
                self.entries.clear(dropped);
                self.pending.forget(|_| true);
            }
        }
        self.generation = generation;
    }
}

/// Drops entries when they end, on the timer's thread.
struct Sweeper(Weak<CacheState>);

impl Wake for Sweeper {
    fn wake(self: Arc<Self>) {
        let Some(inner) = self.0.upgrade() else { return };
        let now = inner.clock.now();
        inner.change(|contents, dropped| contents.entries.remove_ended(now, dropped));
    }
}
