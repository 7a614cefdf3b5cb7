use std::{
    any::Any,
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Instant,
};

use crate::cache::answer::{EntryId, Reuse};

/// Values that are dropped after the lock on the cache is released.
pub(super) type DeferredDrops = Vec<Box<dyn Any + Send>>;

/// Identifies the slot of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SlotId(u64);

impl SlotId {
    /// Returns an id that no other slot of this process has.
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Whether a derived result may still be used: none of its entries has changed.
#[derive(Debug, Clone)]
pub(crate) struct Validity(Arc<AtomicBool>);

impl Validity {
    fn new() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    #[inline]
    pub(crate) fn is_valid(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    fn end(&self) {
        self.0.store(false, Ordering::Release);
    }
}

/// The derived results, by the slots of their steps.
#[derive(Default)]
pub(super) struct DerivedResults(HashMap<SlotId, StepResult>);

struct StepResult {
    made_of: Reuse,
    validity: Validity,
    value: Arc<dyn Any + Send + Sync>,
}

impl DerivedResults {
    /// Stores the result of a step, in place of its previous one.
    pub(super) fn insert(
        &mut self,
        slot: SlotId,
        made_of: Reuse,
        value: Arc<dyn Any + Send + Sync>,
        dropped: &mut DeferredDrops,
    ) -> Validity {
        let validity = Validity::new();
        let result = StepResult { made_of, validity: validity.clone(), value };
        if let Some(before) = self.0.insert(slot, result) {
            before.end(dropped);
        }
        validity
    }

    /// Drops the result of this slot if it was derived from the entry, which has changed.
    pub(super) fn end(&mut self, slot: SlotId, made_of: EntryId, dropped: &mut DeferredDrops) {
        let is_of_it = |result: &StepResult| result.made_of.entries.contains(&made_of);
        if self.0.get(&slot).is_some_and(is_of_it)
            && let Some(result) = self.0.remove(&slot)
        {
            result.end(dropped);
        }
    }

    /// Drops the results that have expired by now.
    pub(super) fn end_until(&mut self, now: Instant, dropped: &mut DeferredDrops) {
        let ended = self.0.extract_if(|_, result| result.made_of.until <= now);
        ended.for_each(|(_, result)| result.end(dropped));
    }

    pub(super) fn end_all(&mut self, dropped: &mut DeferredDrops) {
        self.0.drain().for_each(|(_, result)| result.end(dropped));
    }

    /// When the first result expires.
    pub(super) fn first_end(&self) -> Option<Instant> {
        self.0.values().map(|result| result.made_of.until).min()
    }
}

impl StepResult {
    fn end(self, dropped: &mut DeferredDrops) {
        self.validity.end();
        dropped.push(Box::new(self.value));
    }
}
