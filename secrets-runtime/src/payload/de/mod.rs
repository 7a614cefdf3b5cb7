//! Fields into types of the user's, by a serde `Deserializer` of our own.
//!
//! Every value is a text (or bytes): it becomes a number or a boolean if it parses whole, and a nested type if
//! it is JSON. What makes this more than a `serde_json` is that *every* misfit is reported, and none with its
//! value. serde gives up at the first error, so a run that meets one goes on with a harmless stand-in, or
//! starts again with a stand-in in that place ([`Findings`] says which), until nothing new is found. What has
//! been built with a stand-in is dropped: there is a problem beside it, always.
//!
//! Limits that are serde's: fields collected by `#[serde(flatten)]`, and those of internally tagged and
//! untagged enums, are buffered before their type is known. They are read as text first, then anew as the
//! numbers and lists that they look like, so a type that mixes both there may find neither. And where a type
//! refuses every stand-in, a missing field that is declared after it is not found before it is mended.

mod abort;
mod absent;
mod container;
mod diagnostics;
mod field;
mod fields;
mod key;
mod member;
mod null;
mod path;
mod placeholder;
mod set;
#[cfg(test)]
mod tests;
mod variant;

use serde::de::DeserializeOwned;

use crate::{
    core::{error::Problem, secret_value::SecretValue},
    payload::de::{
        abort::Stop,
        absent::Absent,
        diagnostics::{Findings, Node},
        field::Field,
        member::Member,
        path::Path,
        set::Set,
    },
};

/// Builds a `T` of a set of fields; `path` is the set's name in messages.
///
/// # Errors
/// One problem for each field that misfits ([`crate::ErrorKind::Undecodable`]), is missing
/// ([`crate::ErrorKind::KeyNotFound`]) or is given twice under two names ([`crate::ErrorKind::Ambiguous`]).
/// Their messages start with the path, hold no value, and have no origin yet.
pub(crate) fn from_fields<T: DeserializeOwned>(
    path: &str,
    fields: &[(&str, &SecretValue)],
) -> Result<T, Vec<Problem>> {
    let members: Vec<_> =
        fields.iter().map(|&(name, value)| Member { name, value, form: None }).collect();
    run(path, fields.iter().map(|(_, value)| *value), |node| {
        T::deserialize(Set::new(node, &members))
    })
}

/// Builds a `T` of one field; `path` is its whole name in messages.
///
/// # Errors
/// As [`from_fields`].
pub(crate) fn from_value<T: DeserializeOwned>(
    path: &str,
    value: &SecretValue,
) -> Result<T, Vec<Problem>> {
    run(path, [value], |node| T::deserialize(Field::root(node, value)))
}

/// Builds a `T` of the text of a whole JSON document; `path` is its name in messages. A type that takes
/// anything gets a number as a number if its text would be written so (`1.5`, not `1.50`), else as its text.
///
/// # Errors
/// As [`from_fields`].
pub(crate) fn from_json<T: DeserializeOwned>(
    path: &str,
    value: &SecretValue,
) -> Result<T, Vec<Problem>> {
    run(path, [value], |node| T::deserialize(Field::json(node, value)))
}

/// Builds a `T` of nothing, where a source that is not required is absent: an `Option` is `None`.
///
/// # Errors
/// `why`, if `T` is not optional.
pub(crate) fn from_absent<T: DeserializeOwned>(why: Problem) -> Result<T, Vec<Problem>> {
    T::deserialize(Absent).map_err(|_| vec![why])
}

/// Ends what could otherwise go on for long: a list of thousands of misfits that each need a run of their own.
const MAX_RUNS: usize = 512;

/// Runs the attempt until it finds nothing new.
fn run<'v, T>(
    path: &str,
    values: impl IntoIterator<Item = &'v SecretValue> + Clone,
    attempt: impl Fn(Node<'_>) -> Result<T, Stop>,
) -> Result<T, Vec<Problem>> {
    let (path, findings) = (Path::root(path), Findings::default());
    let node = Node::new(&path, &findings);
    for _ in 0..MAX_RUNS {
        match attempt(node) {
            Ok(built) if findings.is_clean() => return Ok(built),
            Ok(_) => break,
            Err(stop) => match node.settle(stop, values.clone()) {
                Stop::Again if node.plan().stand_in.is_none() => {}
                _ => break,
            },
        }
    }
    Err(node.problems())
}
