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
        pending::Pending,
    },
    rt::{clock::Clock, timer::Alarm},
};

/// What the handles of one cache share.
pub(super) struct CacheState {
    /// Nothing is kept if it is zero.
    pub(super) ttl: Duration,
    pub(super) stale: Duration,
    pub(super) clock: Clock,
    pub(super) contents: Mutex<Contents>,
    sweeper: Waker,
}

/// What is cached, what backends are asked for, and when the next of it ends.
pub(super) struct Contents {
    pub(super) entries: Entries,
    pub(super) pending: Pending,
    pub(super) leases: Leases,
    alarm: Alarm,
    /// The generation of this process's writes up to which nothing old is kept.
    generation: u64,
}

impl CacheState {
    pub(super) fn new(ttl: Duration, stale: Duration, clock: Clock) -> Arc<Self> {
        let contents = Contents {
            entries: Entries::default(),
            pending: Pending::default(),
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

    /// Keeps what a step has made of entries as long as each of them is what it was; `None` if one is no longer.
    /// Returns also the generation of writes up to which that is known.
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

    /// Drops what this process has written since it was read; returns the generation up to which that is done.
    pub(super) fn catch_up_with_writes(&self) -> u64 {
        self.look(|contents, _| contents.generation)
    }

    /// Changes what is kept, and sets the alarm to the next end.
    pub(super) fn change<R>(
        &self,
        change: impl FnOnce(&mut Contents, &mut DeferredDrops) -> R,
    ) -> R {
        self.look(|contents, dropped| {
            let result = change(contents, dropped);
            match contents.entries.next_end() {
                Some(end) => contents.alarm.set(end, &self.sweeper),
                None => contents.alarm.clear(),
            }
            result
        })
    }

    /// Looks at what is kept, of which nothing is old by a write of this process. What is dropped is dropped when
    /// nothing is locked any more: a value may be the last handle to whatever its step has made.
    pub(super) fn look<R>(&self, look: impl FnOnce(&mut Contents, &mut DeferredDrops) -> R) -> R {
        let mut dropped = DeferredDrops::new();
        let mut contents = self.lock();
        contents.catch_up_with_writes(&mut dropped);
        let result = look(&mut contents, &mut dropped);
        drop(contents);
        drop(dropped);
        result
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    /// Drops what this process has written since it was read.
    fn catch_up_with_writes(&mut self, dropped: &mut DeferredDrops) {
        if self.generation == generation::current() {
            return;
        }
        let (writes, generation) = generation::since(self.generation);
        match &writes {
            Some(writes) => {
                writes.iter().for_each(|write| self.entries.forget_written(write, dropped));
                // Which secret a request is for is known for sure only by its answer.
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

/// Drops what has ended, on the timer's thread: it does not wait for somebody to look.
struct Sweeper(Weak<CacheState>);

impl Wake for Sweeper {
    fn wake(self: Arc<Self>) {
        let Some(inner) = self.0.upgrade() else { return };
        let now = inner.clock.now();
        inner.change(|contents, dropped| contents.entries.remove_ended(now, dropped));
    }
}
