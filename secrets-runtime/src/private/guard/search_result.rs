use std::fmt::{self, Display};

use serde::ser::Error as SerializerError;

/// Whether a value was searched to its end.
pub(super) type SearchResult = Result<(), SearchEnd>;

/// Why a search ended early.
#[derive(Debug)]
pub(super) enum SearchEnd {
    /// The value cannot be serialized. The error of its `Serialize` may contain a secret, and is dropped.
    Failed,
    /// The value is nested too deeply.
    TooDeep,
    /// Enough secrets were found.
    Full,
}

impl SerializerError for SearchEnd {
    fn custom<T: Display>(_: T) -> Self {
        Self::Failed
    }
}

impl fmt::Display for SearchEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "the value cannot be serialized",
            Self::TooDeep => "the value is nested too deeply",
            Self::Full => "no more of the value is searched",
        })
    }
}

impl std::error::Error for SearchEnd {}
