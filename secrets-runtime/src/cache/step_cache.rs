use std::{
    fmt,
    sync::{
        Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    backend::generation,
    cache::{
        Cache,
        answer::Reuse,
        derived::{SlotId, Validity},
        state::CacheState,
    },
    context::{resolved::ResolvedSecrets, secrets::Secrets, stack},
    rt::clock::{Clock, CoarseTime},
};

/// The slot of a step with the result of its last call, which can be used until one of its entries expires or is
/// replaced. The cache owns the result, and drops it then.
pub(crate) struct StepCache {
    id: OnceLock<SlotId>,
    slot: RwLock<Option<Ready>>,
}

struct Ready {
    resolved: Weak<ResolvedSecrets>,
    until: CoarseTime,
    clock: Clock,
    /// Ends when the first of the result's entries changes.
    validity: Validity,
    cache: Weak<CacheState>,
    /// The generation of this process's writes that the cache has taken into account.
    generation: AtomicU64,
}

impl StepCache {
    pub(crate) const fn new() -> Self {
        Self { id: OnceLock::new(), slot: RwLock::new(None) }
    }

    /// Returns the result, if it may still be used and no test has secrets of its own.
    #[inline]
    pub(crate) fn get(&self) -> Option<Arc<ResolvedSecrets>> {
        let slot = self.read();
        let ready = slot.as_ref()?;
        if ready.generation.load(Ordering::Acquire) == generation::current() {
            return ready.get();
        }
        let cache = ready.cache.clone();
        drop(slot);
        self.get_after_writes(&cache)
    }

    /// Makes the cache drop first the entries that this process has overwritten. They are dropped after the lock of
    /// the slot is released.
    #[cold]
    fn get_after_writes(&self, cache: &Weak<CacheState>) -> Option<Arc<ResolvedSecrets>> {
        let generation = cache.upgrade()?.catch_up_with_writes();
        let slot = self.read();
        let ready = slot.as_ref().filter(|ready| ready.cache.ptr_eq(cache))?;
        ready.generation.fetch_max(generation, Ordering::AcqRel);
        ready.get()
    }

    #[inline]
    fn read(&self) -> RwLockReadGuard<'_, Option<Ready>> {
        self.slot.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores a result that was derived from entries of the cache, if none of them has changed.
    pub(crate) fn set(&self, resolved: &Arc<ResolvedSecrets>, made_of: Reuse, cache: &Cache) {
        let id = *self.id.get_or_init(SlotId::next);
        let until = made_of.until;
        let Some((validity, generation)) = cache.0.derive(id, made_of, resolved.clone()) else {
            return;
        };
        let ready = Ready {
            resolved: Arc::downgrade(resolved),
            until: cache.clock().deadline(until),
            clock: cache.clock().clone(),
            validity,
            cache: Arc::downgrade(&cache.0),
            generation: AtomicU64::new(generation),
        };
        let mut slot = self.slot.write().unwrap_or_else(PoisonError::into_inner);
        let before = slot.replace(ready);
        drop(slot);
        drop(before);
    }
}

impl Ready {
    #[inline(always)]
    fn get(&self) -> Option<Arc<ResolvedSecrets>> {
        let serves = self.validity.is_valid()
            && self.clock.is_before(self.until)
            && !stack::with_current(is_of_test).unwrap_or_default();
        if serves { self.resolved.upgrade() } else { None }
    }
}

fn is_of_test(secrets: &Secrets) -> bool {
    secrets.shared().refresher.as_ref().is_some_and(|it| it.is_of_test())
}

impl fmt::Debug for StepCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepCache").finish_non_exhaustive()
    }
}
