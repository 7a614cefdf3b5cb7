//! The writes of this process, so that the cache drops values read before them.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// How many writes are remembered. Code that has missed more of them counts everything as old.
const MAX_WRITES: usize = 64;

static GENERATION: AtomicU64 = AtomicU64::new(0);
static LATEST: Mutex<VecDeque<Write>> = Mutex::new(VecDeque::new());

/// A secret that this process has written or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Write {
    /// The type of its backend.
    pub kind: String,
    pub id: String,
}

/// Returns the number of writes of this process.
#[inline]
pub(crate) fn current() -> u64 {
    GENERATION.load(Ordering::Acquire)
}

/// Returns the writes since a generation, and the generation after them; `None` for the writes if they are too many to
/// be remembered.
pub(crate) fn since(generation: u64) -> (Option<Vec<Write>>, u64) {
    let latest = lock();
    let now = current();
    let missed = usize::try_from(now - generation).unwrap_or(usize::MAX);
    let first = latest.len().checked_sub(missed);
    (first.map(|first| latest.range(first..).cloned().collect()), now)
}

/// A write of this process to a store, so that the cache drops values read before it.
///
/// The write is noted when this is dropped, also if it failed, was too late or was cancelled: it may have been carried
/// out.
#[must_use = "the write is noted when this is dropped"]
pub(crate) struct WriteGuard(Option<Write>);

impl WriteGuard {
    pub(crate) fn to(kind: &str, id: &str) -> Self {
        Self(Some(Write { kind: kind.to_owned(), id: id.to_owned() }))
    }
}

impl Drop for WriteGuard {
    fn drop(&mut self) {
        let Some(write) = self.0.take() else { return };
        let mut latest = lock();
        if latest.len() == MAX_WRITES {
            latest.pop_front();
        }
        latest.push_back(write);
        // Under the lock, so that the generation and the writes that led to it are read together.
        GENERATION.fetch_add(1, Ordering::AcqRel);
    }
}

fn lock() -> MutexGuard<'static, VecDeque<Write>> {
    LATEST.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_remembered_until_they_are_too_many() {
        // Other tests write too, to other kinds.
        let own = |start| {
            let (writes, _) = since(start);
            let writes = writes?.into_iter().filter(|write| write.kind == "generation-test");
            Some(writes.map(|write| write.id).collect::<Vec<_>>())
        };
        let start = current();
        drop(WriteGuard::to("generation-test", "a"));
        drop(WriteGuard::to("generation-test", "b"));
        assert_eq!(own(start), Some(vec!["a".to_owned(), "b".to_owned()]));
        for _ in 0..MAX_WRITES {
            drop(WriteGuard::to("generation-test", "c"));
        }
        assert_eq!(own(start), None);
        assert_eq!(own(current()).map(|own| own.len()), Some(0));
    }
}
