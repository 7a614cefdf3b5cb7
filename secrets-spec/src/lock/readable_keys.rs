use alloc::{string::String, vec::Vec};

/// The keys that a program can read of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadableKeys<'a> {
    /// Those of a set.
    Set(&'a [String]),
    /// That of a plain value. There are several if its name depends on the backend, and the last is the likely one.
    Plain(Vec<String>),
}

impl ReadableKeys<'_> {
    /// Whether this key can be read.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.as_slice().iter().any(|known| known == key)
    }

    /// Returns the keys.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::Set(keys) => keys,
            Self::Plain(keys) => keys,
        }
    }
}
