use std::fmt;

/// One of the two attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeKind {
    /// `#[secrets]`.
    Secrets,
    /// `#[task]`.
    Task,
}

impl fmt::Display for AttributeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secrets => "secrets",
            Self::Task => "task",
        })
    }
}
