//! What has happened in this process that makes secrets which were fetched before old.

use std::sync::atomic::{AtomicU64, Ordering};

static CHANGES: AtomicU64 = AtomicU64::new(0);
static WRITES: AtomicU64 = AtomicU64::new(0);

/// How often a secret that was kept has been replaced before its time.
pub(crate) fn changes() -> u64 {
    CHANGES.load(Ordering::Acquire)
}

/// How often this process has written to a store.
pub(crate) fn writes() -> u64 {
    WRITES.load(Ordering::Acquire)
}

/// A secret that was kept is replaced before its time.
pub(crate) fn note_change() {
    CHANGES.fetch_add(1, Ordering::AcqRel);
}

/// This process has written to a store: what it reads from now on is what it wrote.
pub(crate) fn note_write() {
    WRITES.fetch_add(1, Ordering::AcqRel);
    note_change();
}
