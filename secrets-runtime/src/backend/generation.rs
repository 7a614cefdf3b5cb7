//! What has happened in this process that makes secrets which were fetched before old.

use std::sync::atomic::{AtomicU64, Ordering};

use secrets_spec::BuiltIn;

/// The backends that can be written.
const WRITABLE: [BuiltIn; 2] = [BuiltIn::Local, BuiltIn::AwsSecretsManager];

static CHANGES: AtomicU64 = AtomicU64::new(0);
static WRITES: [AtomicU64; WRITABLE.len()] = [const { AtomicU64::new(0) }; WRITABLE.len()];

/// How often this process has written to each backend that can be written.
pub(crate) type Writes = [u64; WRITABLE.len()];

/// How often a secret that was kept has been replaced before its time.
pub(crate) fn changes() -> u64 {
    CHANGES.load(Ordering::Acquire)
}

/// How often this process has written to stores.
pub(crate) fn writes() -> Writes {
    std::array::from_fn(|place| WRITES[place].load(Ordering::Acquire))
}

/// The types of the backends to which this process has written since then.
pub(crate) fn written_since(writes: Writes) -> impl Iterator<Item = &'static str> {
    let pairs = WRITABLE.iter().zip(writes).zip(crate::backend::generation::writes());
    pairs.filter(|((_, then), now)| then != now).map(|((backend, _), _)| backend.name())
}

/// A secret that was kept is replaced before its time.
pub(crate) fn note_change() {
    CHANGES.fetch_add(1, Ordering::AcqRel);
}

/// This process writes to a store: what it reads after that is what it wrote.
///
/// It is noted when this is dropped, however the writing ends: one that failed, came too late or was given up may
/// have been carried out.
#[must_use = "the write is noted when this is dropped"]
pub(crate) struct WriteGuard(BuiltIn);

impl WriteGuard {
    pub(crate) fn to(backend: BuiltIn) -> Self {
        Self(backend)
    }
}

impl Drop for WriteGuard {
    fn drop(&mut self) {
        if let Some(place) = WRITABLE.iter().position(|known| *known == self.0) {
            WRITES[place].fetch_add(1, Ordering::AcqRel);
        }
        note_change();
    }
}
