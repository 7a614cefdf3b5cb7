use std::time::Instant;

/// Which values are new enough, where one is kept or under way already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// Those that have not expired.
    Fresh,
    /// Those that were asked for after this time.
    NewerThan(Instant),
    /// None that was asked for before now.
    Refetch,
}

impl Freshness {
    /// Whether a value that was asked for at this time will do, if it has not expired.
    pub(crate) fn admits(self, asked_at: Instant) -> bool {
        match self {
            Self::Fresh => true,
            Self::NewerThan(than) => asked_at > than,
            Self::Refetch => false,
        }
    }
}
