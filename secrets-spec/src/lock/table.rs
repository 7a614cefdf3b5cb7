//! Names and keys of a lock as sorted 64-bit hashes, in which const evaluation looks up texts that only the compiler
//! knows. A search for the texts themselves would take five times as long.

use alloc::vec::Vec;

use crate::{
    lock::{
        declared::{is_text_of_process, is_type_of_process},
        document::{LockedFields, SecretsLock},
    },
    model::request_view::RequestView,
    text::{bytes::same_text, const_text::ConstText, edit_distance::within_one_edit},
};

impl SecretsLock {
    /// Returns the table of the names.
    #[must_use]
    pub fn name_table(&self) -> Vec<u8> {
        table(self.lines.iter().map(|(name, _)| hash(&[name])).collect())
    }

    /// Returns the table of the keys, each with the name of its secret.
    #[must_use]
    pub fn key_table(&self) -> Vec<u8> {
        let mut hashes = Vec::new();
        for (name, fields) in &self.lines {
            match fields {
                LockedFields::Keys(keys) => {
                    hashes.extend(keys.iter().map(|key| hash_of_key(&[name], key)));
                }
                LockedFields::Text | LockedFields::Binary => {
                    hashes.push(hash_of_key(&[name], ANY_KEY));
                }
            }
        }
        table(hashes)
    }
}

/// Stands for the keys of a plain value, whose name depends on the options.
const ANY_KEY: &str = "\0";

fn table(mut hashes: Vec<u64>) -> Vec<u8> {
    hashes.sort_unstable();
    hashes.into_iter().flat_map(u64::to_be_bytes).collect()
}

/// The tables of a lock, in a program that is being compiled.
#[derive(Debug, Clone, Copy)]
pub struct LockTables {
    /// The table of the names.
    pub names: &'static [u8],
    /// The table of the keys.
    pub keys: &'static [u8],
}

/// The fields of a struct that a secret must have: for each, the names that it may have.
pub type SecretFieldNames = &'static [&'static [&'static str]];

/// Why a text is not in a table. Const evaluation writes it, so it has no suggestion.
#[derive(Debug, Clone, Copy)]
pub struct LockSentence(ConstText);

impl LockSentence {
    /// Returns the text.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        match self.0.as_str() {
            Some(text) => text,
            // Only if a name is too long, and its last character is cut.
            None => "this secret is not in secrets.lock: run `secrets lock` if it is new",
        }
    }

    const fn secret(name: &[&str]) -> Self {
        let text = push_all(ConstText::new().push("the secret \""), name);
        Self(text.push("\" is not in secrets.lock: run `secrets lock` if it is new"))
    }

    const fn key(name: &[&str], key: &str) -> Self {
        let text = push_all(ConstText::new().push("the secret \""), name);
        let text = text.push("\" has no key \"").push(key);
        Self(text.push("\" in secrets.lock: run `secrets lock` if it is new"))
    }
}

const fn push_all(mut text: ConstText, parts: &[&str]) -> ConstText {
    let mut i = 0;
    while i < parts.len() {
        text = text.push(parts[i]);
        i += 1;
    }
    text
}

/// Returns why a source is not in the lock, if it is not. `name` is its name in parts.
#[must_use]
pub const fn check_locked_source(lock: &LockTables, name: &[&str]) -> Option<LockSentence> {
    // The look-up comes first, since it is many times faster than the grammar of a source.
    if has(lock.names, hash(name)) {
        return None;
    }
    let is_of_process = match name {
        [text] => is_text_of_process(text),
        [backend, ..] => is_type_of_process(backend),
        [] => false,
    };
    if is_of_process {
        return None;
    }
    Some(LockSentence::secret(name))
}

/// Returns why the source of a typed parameter is not in the lock, if it is not. It may also be one of the step's
/// `groups`.
#[must_use]
pub const fn check_locked_parameter(
    lock: &LockTables,
    groups: &[&str],
    text: &str,
) -> Option<LockSentence> {
    let mut i = 0;
    while i < groups.len() {
        if same_text(groups[i], text) {
            return None;
        }
        i += 1;
    }
    check_locked_source(lock, &[text])
}

/// Returns why a key is not in the lock, if it is not. Of a secret that is not there, nothing is known.
#[must_use]
pub const fn check_locked_key(lock: &LockTables, name: &[&str], key: &str) -> Option<LockSentence> {
    if is_key_of(lock, name, key) { None } else { Some(LockSentence::key(name, key)) }
}

/// Returns why a request is not in the lock, if it is not.
#[must_use]
pub const fn check_locked_request(
    lock: &LockTables,
    request: RequestView<'_>,
) -> Option<LockSentence> {
    let name = [if request.group.is_empty() { request.key } else { request.group }];
    if !has(lock.names, hash(&name)) {
        return Some(LockSentence::secret(&name));
    }
    if request.group.is_empty() {
        return None;
    }
    check_locked_key(lock, &name, request.key)
}

/// Returns which fields of a struct the secret lacks, if it lacks one.
#[must_use]
pub const fn check_locked_fields_of(
    lock: &LockTables,
    name: &[&str],
    fields: SecretFieldNames,
) -> Option<LockSentence> {
    let mut lacking = Lacking::new(name);
    let mut i = 0;
    while i < fields.len() {
        let mut alias = 0;
        let mut is_there = false;
        while alias < fields[i].len() {
            is_there = is_there || is_key_of(lock, name, fields[i][alias]);
            alias += 1;
        }
        if !is_there {
            lacking = lacking.add(fields[i][0], None);
        }
        i += 1;
    }
    lacking.finish(&[])
}

/// Returns which fields of a struct a secret with these keys lacks, if it lacks one.
#[must_use]
pub const fn check_locked_fields(
    name: &str,
    keys: &[&str],
    fields: SecretFieldNames,
) -> Option<LockSentence> {
    let mut lacking = Lacking::new(&[name]);
    let mut i = 0;
    while i < fields.len() {
        let mut is_there = false;
        let mut near = None;
        let mut k = 0;
        while k < keys.len() {
            let mut alias = 0;
            while alias < fields[i].len() {
                is_there = is_there || same_text(fields[i][alias], keys[k]);
                alias += 1;
            }
            let own = fields[i][0].as_bytes();
            if within_one_edit(own, own.len(), keys[k].as_bytes()) {
                near = Some(keys[k]);
            }
            k += 1;
        }
        if !is_there {
            lacking = lacking.add(fields[i][0], near);
        }
        i += 1;
    }
    lacking.finish(keys)
}

/// Whether the lock has a key, or knows nothing of the secret's keys.
const fn is_key_of(lock: &LockTables, name: &[&str], key: &str) -> bool {
    !has(lock.names, hash(name))
        || has(lock.keys, hash_of_key(name, key))
        || has(lock.keys, hash_of_key(name, ANY_KEY))
}

/// The sentence about the fields that a secret lacks.
struct Lacking {
    text: ConstText,
    count: usize,
}

impl Lacking {
    const fn new(name: &[&str]) -> Self {
        let text = push_all(ConstText::new().push("the secret \""), name);
        Self { text: text.push("\" lacks fields of this type in secrets.lock: "), count: 0 }
    }

    const fn add(self, field: &str, near: Option<&str>) -> Self {
        let text = if self.count > 0 { self.text.push(", ") } else { self.text };
        let text = text.push("\"").push(field).push("\"");
        let text = match near {
            Some(near) => text.push(" (did you mean \"").push(near).push("\"?)"),
            None => text,
        };
        Self { text, count: self.count + 1 }
    }

    const fn finish(self, keys: &[&str]) -> Option<LockSentence> {
        if self.count == 0 {
            return None;
        }
        let mut text = self.text;
        let mut i = 0;
        while i < keys.len() && i < MAX_KEYS {
            text = text.push(match (i, keys.len()) {
                (0, 1) => "; its only key is \"",
                (0, _) => "; its keys are \"",
                _ => ", \"",
            });
            text = text.push(keys[i]).push("\"");
            i += 1;
        }
        if keys.len() > MAX_KEYS {
            text = text.push(" and more");
        }
        Some(LockSentence(text.push("; run `secrets lock` if it is new")))
    }
}

/// The most keys in a sentence.
const MAX_KEYS: usize = 12;

/// Whether a sorted table has this hash.
const fn has(table: &[u8], wanted: u64) -> bool {
    let (mut from, mut to) = (0, table.len() / 8);
    while from < to {
        let middle = from.midpoint(to);
        let (_, rest) = table.split_at(middle * 8);
        let Some(bytes) = rest.first_chunk::<8>() else { return false };
        let found = u64::from_be_bytes(*bytes);
        if found == wanted {
            return true;
        } else if found < wanted {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    false
}

const fn hash(parts: &[&str]) -> u64 {
    let mut hash = START;
    let mut i = 0;
    while i < parts.len() {
        hash = mix(hash, parts[i]);
        i += 1;
    }
    hash
}

const fn hash_of_key(name: &[&str], key: &str) -> u64 {
    // No name has this character, so that name and key cannot run into each other.
    mix(mix(hash(name), "\0"), key)
}

/// FNV-1a. A collision would only let a wrong name pass.
const fn mix(mut hash: u64, text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0100_0000_01b3);
        i += 1;
    }
    hash
}

const START: u64 = 0xcbf2_9ce4_8422_2325;
