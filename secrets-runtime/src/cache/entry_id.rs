/// Identifies one generation of an entry: what is fetched in its place, and what a refresh lets expire, has another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EntryId(u64);

impl EntryId {
    pub(super) fn new(number: u64) -> Self {
        Self(number)
    }
}
