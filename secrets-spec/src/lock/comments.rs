use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::fmt;

/// The comments that people have written into a lock, each with its `#`.
#[derive(Debug, Clone, Default)]
pub(crate) struct LockComments {
    /// Before the secrets.
    pub(crate) head: Vec<String>,
    /// Of each secret, by its name.
    pub(crate) secrets: BTreeMap<String, SecretComments>,
    /// After the last secret.
    pub(crate) end: Vec<String>,
}

/// The comments of one secret.
#[derive(Debug, Clone, Default)]
pub(crate) struct SecretComments {
    /// The lines above it.
    pub(crate) above: Vec<String>,
    /// What stands after it in its line.
    pub(crate) after: Option<String>,
}

impl LockComments {
    /// Writes comments, each as a line.
    pub(crate) fn write(lines: &[String], f: &mut fmt::Formatter<'_>) -> fmt::Result {
        lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
