//! Reads fields into the user's types with a serde `Deserializer`.
//!
//! Every value is a text (or bytes). It is read as a number or a boolean if the whole text parses as one, and
//! as a nested type if it is JSON. Unlike `serde_json`, it reports every missing field at the top and the
//! first problem of every other one, and no message shows a value.
//!
//! serde stops at the first error, so the type is read again without the fields that did not fit, until
//! nothing new is found. serde also stops at the first missing field, so from then on that field gets a
//! placeholder ([`placeholder`]). [`Diagnostics`] decides on the next run and limits the number of runs. The
//! result of a run with a placeholder, or without a field that did not fit, is dropped: there is always a
//! problem to return instead.
//!
//! Limits:
//!
//! - serde buffers the fields of a `#[serde(flatten)]`, and those of internally tagged and untagged enums,
//!   before their type is known. They are read as texts first, then as what they are in the JSON of the payload,
//!   then as what they look like. A secret that is not JSON has texts only: if a text that looks like a number has
//!   to be a text, and another one a number, neither way fits. A number is a text to them if Rust writes it in
//!   another way, such as `1.0`: it would not keep its text in a text.
//! - A type that formats a field, or a key, in what it expects of another field shows it.
//! - If a type refuses its placeholder, a missing field that is declared after it is found only once that
//!   field exists.

mod abort;
mod deserializer;
mod diagnostics;
mod fields_reader;
mod input;
mod input_reader;
mod items;
mod path;
mod placeholder;
mod read_mode;
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
        diagnostics::{Diagnostics, DocumentKind},
        input::{Input, SetField},
        input_reader::InputReader,
        path::Path,
    },
};

/// Reads a set of fields into a `T`. `path` is the name of the set in messages.
///
/// # Errors
/// A problem for each field that does not fit ([`ErrorKind::Undecodable`]), is missing
/// ([`ErrorKind::KeyNotFound`]) or exists under two names ([`ErrorKind::Ambiguous`]). The messages start with
/// the path and show no value. The problems have no origin yet.
pub(crate) fn from_fields<T: DeserializeOwned>(
    path: &str,
    fields: &[SetField<'_>],
) -> Result<T, Vec<Problem>> {
    read(DocumentKind::Set, path, Input::Set(fields))
}

/// Reads a secret that is one plain value into a `T`. `path` is the name of the secret, and `name` that of the value.
///
/// # Errors
/// As [`from_fields`], but only one problem if `T` has fields and the value is not one of them.
pub(crate) fn from_plain<T: DeserializeOwned>(
    path: &str,
    name: &str,
    value: &SecretValue,
) -> Result<T, Vec<Problem>> {
    read(DocumentKind::Plain, path, Input::Set(&[(name, value, None)]))
}

/// Reads one field into a `T`. `path` is the full name of the field in messages.
///
/// # Errors
/// As [`from_fields`].
pub(crate) fn from_value<T: DeserializeOwned>(
    path: &str,
    value: &SecretValue,
) -> Result<T, Vec<Problem>> {
    read(DocumentKind::Field, path, Input::Value(value, None))
}

/// Reads the text of a JSON document into a `T`. `path` is the name of the document in messages. A type that
/// accepts anything gets numbers as numbers.
///
/// # Errors
/// As [`from_fields`].
pub(crate) fn from_json<T: DeserializeOwned>(
    path: &str,
    value: &SecretValue,
) -> Result<T, Vec<Problem>> {
    // Compared with a word that is not secret.
    let is_null = value.expose_bytes() == b"null";
    let input = if is_null { Input::Null } else { Input::Value(value, None) };
    read(DocumentKind::Json, path, input)
}

/// Reads an optional source that is absent into a `T`: an `Option` is `None`.
///
/// # Errors
/// `why`, if `T` is not optional.
pub(crate) fn from_absent<T: DeserializeOwned>(why: Problem) -> Result<T, Vec<Problem>> {
    run(&Diagnostics::new(DocumentKind::Field), "", Input::Absent).map_err(|_| vec![why])
}

/// Returns whether `T` accepts that its source is absent, as an `Option` does.
pub(crate) fn accepts_absence<T: DeserializeOwned>() -> bool {
    run::<T>(&Diagnostics::new(DocumentKind::Field), "", Input::Absent).is_ok()
}

/// Limits the time for a secret with thousands of fields, and for a type that fails differently each time.
const MAX_RUNS: usize = 512;

/// Runs until nothing new is found.
fn read<T: DeserializeOwned>(
    kind: DocumentKind,
    path: &str,
    input: Input<'_>,
) -> Result<T, Vec<Problem>> {
    let mut diagnostics = Diagnostics::new(kind);
    for _ in 0..MAX_RUNS {
        match run(&diagnostics, path, input) {
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
    path: &str,
    input: Input<'_>,
) -> Result<T, Abort> {
    InputReader::root(diagnostics, &Path::Root(path), input).read(|part| T::deserialize(part))
}
