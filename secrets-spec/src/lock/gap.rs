use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use crate::{
    lock::{document::SecretsLock, readable_keys::ReadableKeys},
    text::{edit_distance::closest, shell::shell_word},
};

/// Something that a program declares or reads and that its lock does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockGap {
    /// A secret.
    Secret {
        /// The name of its line.
        name: String,
        /// The name that was probably meant.
        near: Option<String>,
    },
    /// A key of a secret.
    Key {
        /// The name of the secret's line.
        name: String,
        /// The key.
        key: String,
        /// The keys that the secret has.
        keys: Vec<String>,
        /// Whether the secret is one plain value.
        is_plain: bool,
    },
}

impl LockGap {
    pub(super) fn secret(name: &str, lock: &SecretsLock) -> Self {
        Self::Secret { name: name.to_string(), near: lock.closest(name).map(String::from) }
    }

    pub(super) fn key(name: &str, key: &str, keys: &ReadableKeys<'_>) -> Self {
        let is_plain = matches!(keys, ReadableKeys::Plain(_));
        let keys = match keys {
            ReadableKeys::Set(keys) => keys.to_vec(),
            // The last is the likely one.
            ReadableKeys::Plain(keys) => keys.last().cloned().into_iter().collect(),
        };
        Self::Key { name: name.to_string(), key: key.to_string(), keys, is_plain }
    }

    /// Returns the name of the secret's line.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Secret { name, .. } | Self::Key { name, .. } => name,
        }
    }

    /// Returns what is wrong.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Secret { name, .. } => format!("the secret {name:?} is not in secrets.lock"),
            Self::Key { name, key, is_plain: false, .. } => {
                format!("the secret {name:?} has no key {key:?} in secrets.lock")
            }
            Self::Key { name, key, is_plain: true, .. } => {
                format!(
                    "the secret {name:?} is one plain value in secrets.lock, and has no key {key:?}"
                )
            }
        }
    }

    /// Returns what was probably meant, and what to do.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Secret { name, near } => {
                let near = near.as_ref().map(|near| format!("did you mean {near:?}? "));
                format!("{}{RUN}: secrets lock {}", near.unwrap_or_default(), shell_word(name))
            }
            Self::Key { key, keys, .. } => {
                let near = closest(key, keys.iter().map(String::as_str));
                let near = near.map(|near| format!("did you mean {near:?}? "));
                let known = match keys.as_slice() {
                    [] => String::from("it has no keys"),
                    [only] => format!("its only key is {only:?}"),
                    keys => format!("its keys are {}", quoted_list(keys)),
                };
                format!("{}{known}; {RUN}", near.unwrap_or_default())
            }
        }
    }
}

/// What to do if the code is right and the lock is not.
const RUN: &str = "run `secrets lock` if it is new";

/// The most names in a message.
const MAX_NAMES: usize = 12;

/// Returns the names in quotes, separated by commas.
#[must_use]
pub fn quoted_list<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<String> =
        names.iter().take(MAX_NAMES).map(|name| format!("{:?}", name.as_ref())).collect();
    let more = names.len().saturating_sub(MAX_NAMES);
    let list = shown.join(", ");
    if more > 0 { format!("{list} and {more} more") } else { list }
}
