//! What has happened in this process that makes secrets which were fetched before old.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

static CHANGES: AtomicU64 = AtomicU64::new(0);
static WRITES: AtomicU64 = AtomicU64::new(0);
/// The number of the last write to the backends of each type.
static LAST: Mutex<BTreeMap<Box<str>, u64>> = Mutex::new(BTreeMap::new());

/// How often a cached secret has been replaced before its time.
pub(crate) fn changes() -> u64 {
    CHANGES.load(Ordering::Acquire)
}

/// How often this process has written to stores.
pub(crate) fn writes() -> u64 {
    WRITES.load(Ordering::Acquire)
}

/// The types of the backends to which this process has written since there were so many writes.
pub(crate) fn written_since(writes: u64) -> Vec<Box<str>> {
    if self::writes() == writes {
        return Vec::new();
    }
    let last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    last.iter().filter(|(_, number)| **number > writes).map(|(kind, _)| kind.clone()).collect()
}

/// Notes that a cached secret is replaced before its time.
pub(crate) fn note_change() {
    CHANGES.fetch_add(1, Ordering::AcqRel);
}

/// A write of this process to a store: what a step reads after it is what was written.
///
/// It is noted when this is dropped, however the write ends: one that failed, came too late or was dropped may have
/// been carried out.
#[must_use = "the write is noted when this is dropped"]
pub(crate) struct WriteGuard(Box<str>);

impl WriteGuard {
    /// Begins a write to the backends of this type.
    pub(crate) fn to(kind: &str) -> Self {
        Self(Box::from(kind))
    }
}

impl Drop for WriteGuard {
    fn drop(&mut self) {
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock, so that nobody sees the number before what it stands for.
        let number = WRITES.fetch_add(1, Ordering::AcqRel) + 1;
        last.insert(std::mem::take(&mut self.0), number);
        drop(last);
        note_change();
    }
}
