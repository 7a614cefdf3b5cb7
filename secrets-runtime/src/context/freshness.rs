use std::time::Instant;

/// Which cached values and running requests are new enough for a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// All values that have not expired.
    Unexpired,
    /// Only values requested after this time.
    NewerThan(Instant),
    /// Only values requested from now on.
    FromNowOn,
}

impl Freshness {
    /// Returns whether a value that was requested at this time is new enough, if it has not expired.
    pub(crate) fn admits(self, asked_at: Instant) -> bool {
        match self {
            Self::Unexpired => true,
            Self::NewerThan(than) => asked_at > than,
            Self::FromNowOn => false,
        }
    }
}
