use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock, Weak},
    time::Instant,
};

use crate::{
    backend::generation,
    cache::Cache,
    context::{resolved::ResolvedSecrets, stack},
};

/// Where a step finds what its last call made of the values it fetched, as long as none of them has expired or
/// been replaced. The cache holds it, and drops it then.
pub(crate) struct Slot(RwLock<Option<Ready>>);

struct Ready {
    shared: Weak<ResolvedSecrets>,
    until: Instant,
    /// How many changes there had been.
    changes: u64,
}

impl Slot {
    pub(crate) const fn new() -> Self {
        Self(RwLock::new(None))
    }

    /// What is there, if it may serve and no test gives something else.
    pub(crate) fn fresh(&self) -> Option<Arc<ResolvedSecrets>> {
        let slot = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let ready = slot.as_ref()?;
        let serves = ready.changes == generation::changes()
            && Instant::now() < ready.until
            && !stack::with_current(|secrets| secrets.shared().test_secrets.is_some())
                .unwrap_or_default();
        if serves { ready.shared.upgrade() } else { None }
    }

    /// Puts something there.
    ///
    /// `changes` is what they were before the values were looked for.
    pub(crate) fn fill(
        &'static self,
        shared: &Arc<ResolvedSecrets>,
        until: Instant,
        changes: u64,
        cache: &Cache,
    ) {
        let ready = Ready { shared: Arc::downgrade(shared), until, changes };
        let mut slot = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *slot = Some(ready);
        drop(slot);
        cache.keep(std::ptr::from_ref(self).addr(), until, changes, shared.clone());
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").finish_non_exhaustive()
    }
}
