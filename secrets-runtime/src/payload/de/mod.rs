//! Turns fields into the user's types, with a serde `Deserializer`.
//!
//! Every value is a text (or bytes): it becomes a number or a boolean if it parses whole, and a nested type if
//! it is JSON. What `serde_json` does not do: every field at the top that is missing is reported, and the
//! first problem of every other one, and no message shows a value.
//!
//! serde stops at the first error. So the type is read again, without the fields that did not fit, until
//! nothing new is found. serde also stops at the first field that is missing, so from then on there is a
//! placeholder for it ([`placeholder`]). [`Diagnostics`] decides on the next run and bounds their number. What
//! was built with a placeholder or without a field that did not fit is dropped: there is always a problem
//! beside it.
//!
//! Limits: the fields of a `#[serde(flatten)]`, and those of internally tagged and untagged enums, are
//! buffered by serde before their type is known. They are read as text first, and then again as the numbers
//! and lists that they look like, so a type that mixes both there may find neither. And where a type refuses
//! its placeholder, a missing field that is declared after it is only found once it is there.

mod abort;
mod container;
mod deserializer;
mod diagnostics;
mod fields;
mod input;
mod path;
mod placeholder;
mod reading;
#[cfg(test)]
mod tests;

use serde::de::DeserializeOwned;

use crate::{
    core::{
        error::{ErrorKind, Problem},
        secret_value::SecretValue,
    },
    payload::de::{
        abort::{Abort, REFUSED},
        deserializer::Deserializer,
        diagnostics::Diagnostics,
        input::Input,
        path::Path,
        reading::Reading,
    },
};

/// Builds a `T` from a set of fields. `path` is the name of the set in messages.
///
/// # Errors
/// A problem for each field that does not fit ([`ErrorKind::Undecodable`]), is missing
/// ([`ErrorKind::KeyNotFound`]) or is there under two names ([`ErrorKind::Ambiguous`]). Their messages start
/// with the path, show no value, and have no origin yet.
pub(crate) fn from_fields<T: DeserializeOwned>(
    path: &str,
    fields: &[(&str, &SecretValue)],
) -> Result<T, Vec<Problem>> {
    read(path, Input::Set(fields), Reading::Plain)
}

/// Builds a `T` from one field. `path` is the full name of the field in messages.
///
/// # Errors
/// As [`from_fields`].
pub(crate) fn from_value<T: DeserializeOwned>(
    path: &str,
    value: &SecretValue,
) -> Result<T, Vec<Problem>> {
    read(path, Input::Text(value), Reading::Plain)
}

/// Builds a `T` from the text of a JSON document. `path` is the name of the document in messages. A type that
/// takes anything gets a number if it would be written as it is in the text (`1.5`, not `1.50`), else its
/// text.
///
/// # Errors
/// As [`from_fields`].
pub(crate) fn from_json<T: DeserializeOwned>(
    path: &str,
    value: &SecretValue,
) -> Result<T, Vec<Problem>> {
    read(path, Input::Text(value), Reading::Json)
}

/// Builds a `T` where a source that is not required is absent: an `Option` is `None`.
///
/// # Errors
/// `why`, if `T` is not optional.
pub(crate) fn from_absent<T: DeserializeOwned>(why: Problem) -> Result<T, Vec<Problem>> {
    run(&Diagnostics::default(), &Path::root(""), Input::Absent, Reading::Plain)
        .map_err(|_| vec![why])
}

/// Limits the time that a secret of thousands of fields takes, and a type that fails differently each time.
const MAX_RUNS: usize = 512;

/// Runs until nothing new is found.
fn read<T: DeserializeOwned>(
    path: &str,
    input: Input<'_>,
    reading: Reading,
) -> Result<T, Vec<Problem>> {
    let mut diagnostics = Diagnostics::default();
    for _ in 0..MAX_RUNS {
        match run(&diagnostics, &Path::root(path), input, reading) {
            Ok(built) if diagnostics.is_clean() => return Ok(built),
            Ok(_) => break,
            Err(abort) => {
                if !diagnostics.recover(abort) {
                    break;
                }
            }
        }
    }
    match diagnostics.is_clean() {
        true => Err(vec![Problem::new(ErrorKind::Undecodable, format!("{path}: {REFUSED}"))]),
        false => Err(diagnostics.into_problems()),
    }
}

fn run<T: DeserializeOwned>(
    diagnostics: &Diagnostics,
    path: &Path<'_>,
    input: Input<'_>,
    reading: Reading,
) -> Result<T, Abort> {
    let deserializer = Deserializer::root(diagnostics, path, input, reading);
    T::deserialize(deserializer).map_err(|abort| deserializer.place(abort))
}
