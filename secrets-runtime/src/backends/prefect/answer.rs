//! What the parts of the backend have in common: their type, and how a request is read and answered.

use secrets_spec::{BuiltIn, check_id};

use crate::{
    backend::{Fetched, fetch_request::FetchRequest},
    core::{
        error::{Error, ErrorKind},
        secret_value::SecretValue,
    },
    payload::json,
};

/// The type of the backend, and of its parts.
pub(super) const KIND: BuiltIn = BuiltIn::Prefect;

/// Returns the name of the secret that a request is about.
pub(super) fn secret_name<'a>(request: &FetchRequest<'a>) -> Result<&'a str, Error> {
    let name = match request.key() {
        Some(key) if request.id().is_empty() => key,
        _ => request.id(),
    };
    let Some(flaw) = check_id(Some(KIND.name()), name) else { return Ok(name) };
    let flaw = flaw.explain(name);
    let error = Error::new(ErrorKind::InvalidSource, flaw.message());
    Err(match flaw.help() {
        Some(help) => error.with_help(help),
        None => error,
    })
}

/// Returns the answer to a request: one text, or a set of fields if it is the JSON of an object.
pub(super) fn fetched(request: &FetchRequest<'_>, value: SecretValue) -> Result<Fetched, Error> {
    let fetched = if !value.is_text() {
        Fetched::binary(value)
    } else if json::is_object(&value) {
        Fetched::json(value)
    } else {
        Fetched::text(value)
    };
    Ok(fetched.with_name(secret_name(request)?))
}
