use alloc::{string::String, vec::Vec};
use core::fmt::{self, Write as _};

use crate::{
    lock::comments::LockComments,
    text::{edit_distance::closest, escape::is_hidden},
};

/// The content of a `secrets.lock`: which secrets exist and which keys they have. It has no values.
///
/// `Display` writes the file: one line for each secret, sorted by name, with the comments that were read. Two locks are
/// equal if they have the same secrets.
///
/// ```
/// use secrets_spec::{SecretsLock, LockedFields};
///
/// let mut lock = SecretsLock::default();
/// lock.insert("prod-db", LockedFields::keys(["user", "password"]));
/// lock.insert("api-token", LockedFields::Text);
/// let text = lock.to_string();
/// assert!(text.ends_with("\"api-token\" = \"text\"\n\"prod-db\" = [\"password\", \"user\"]\n"));
/// assert_eq!(SecretsLock::parse(&text), Ok(lock));
/// ```
#[derive(Debug, Clone, Default)]
pub struct SecretsLock {
    /// Sorted by name; each name occurs once.
    pub(crate) lines: Vec<(String, LockedFields)>,
    pub(crate) comments: LockComments,
}

impl PartialEq for SecretsLock {
    fn eq(&self, other: &Self) -> bool {
        self.lines == other.lines
    }
}

impl Eq for SecretsLock {}

/// What a lock says of one secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockedFields {
    /// One plain text.
    Text,
    /// One plain value that is not text.
    Binary,
    /// A set of fields, by their keys: sorted, each once.
    Keys(Vec<String>),
}

impl LockedFields {
    /// Creates a set of fields with these keys.
    pub fn keys<K: Into<String>>(keys: impl IntoIterator<Item = K>) -> Self {
        let mut keys: Vec<String> = keys.into_iter().map(Into::into).collect();
        keys.sort_unstable();
        keys.dedup();
        Self::Keys(keys)
    }

    /// Whether this is a set of fields that has none.
    #[must_use]
    pub fn is_without_keys(&self) -> bool {
        matches!(self, Self::Keys(keys) if keys.is_empty())
    }

    /// Returns what a program can rely on if a secret has these fields in one place and `other` in another: the keys
    /// that both have. A set and a plain value have no key in common.
    #[must_use]
    pub fn in_common(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Keys(mut keys), Self::Keys(others)) => {
                keys.retain(|key| others.contains(key));
                Self::Keys(keys)
            }
            (Self::Keys(_), _) | (_, Self::Keys(_)) => Self::Keys(Vec::new()),
            (Self::Text, Self::Text) => Self::Text,
            _ => Self::Binary,
        }
    }
}

impl SecretsLock {
    /// The name of the file.
    pub const FILE_NAME: &'static str = "secrets.lock";

    /// Returns what the lock says of a secret.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&LockedFields> {
        self.place(name).ok().map(|place| &self.lines[place].1)
    }

    /// Adds a secret, or replaces what the lock says of it.
    pub fn insert(&mut self, name: &str, fields: LockedFields) {
        match self.place(name) {
            Ok(place) => self.lines[place].1 = fields,
            Err(place) => self.lines.insert(place, (String::from(name), fields)),
        }
    }

    /// Removes the secrets for which `keep` returns `false`, with their comments.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        let comments = &mut self.comments.secrets;
        self.lines.retain(|(name, _)| {
            let is_kept = keep(name);
            if !is_kept {
                comments.remove(name);
            }
            is_kept
        });
    }

    /// Iterates over the secrets, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &LockedFields)> {
        self.lines.iter().map(|(name, fields)| (name.as_str(), fields))
    }

    /// Returns the number of secrets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether the lock has no secret.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Returns the name that was probably meant by one that the lock does not have.
    #[must_use]
    pub fn closest(&self, name: &str) -> Option<&str> {
        closest(name, self.lines.iter().map(|(known, _)| known.as_str()))
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.lines.binary_search_by(|(known, _)| known.as_str().cmp(name))
    }
}

/// The first line of the file.
pub(crate) const HEAD: &str = "# Names and keys of secrets, never values. Written by `secrets lock`; programs are checked against it when they compile.";

impl fmt::Display for SecretsLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}")?;
        LockComments::write(&self.comments.head, f)?;
        f.write_str("version = 1\n\n[secrets]\n")?;
        for (name, fields) in &self.lines {
            let comments = self.comments.secrets.get(name);
            LockComments::write(comments.map_or(&[], |comments| &comments.above), f)?;
            write_string(name, f)?;
            f.write_str(" = ")?;
            match fields {
                LockedFields::Text => f.write_str("\"text\"")?,
                LockedFields::Binary => f.write_str("\"binary\"")?,
                LockedFields::Keys(keys) => {
                    f.write_char('[')?;
                    for (index, key) in keys.iter().enumerate() {
                        f.write_str(if index == 0 { "" } else { ", " })?;
                        write_string(key, f)?;
                    }
                    f.write_char(']')?;
                }
            }
            if let Some(after) = comments.and_then(|comments| comments.after.as_ref()) {
                write!(f, " {after}")?;
            }
            f.write_char('\n')?;
        }
        LockComments::write(&self.comments.end, f)
    }
}

/// Writes a basic string of TOML.
fn write_string(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            // The characters that end a line, change how one looks or are not seen are escaped beside those that TOML forbids.
            c if is_hidden(c) && c <= '\u{ffff}' => write!(f, "\\u{:04X}", c as u32)?,
            c if is_hidden(c) => write!(f, "\\U{:08X}", c as u32)?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}
