use std::{fmt, future::ready};

use secrets_spec::BuiltIn;

use crate::{
    backend::{
        Backend, BoxFuture, Fetched, capabilities::Capabilities, fetch_request::FetchRequest,
        one_by_one::one_by_one, probe::Probe,
    },
    core::{
        error::{Error, ErrorKind},
        secret_value::SecretValue,
    },
};

/// Values that are written in a source's `options.env_vars`: for tests and first attempts, as in Metaflow.
///
/// What is written there is part of the program, or of the variable or file that configures it. It is not wiped
/// from memory, as other values are: only the copies that a step reads are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Inline(());

impl Inline {
    /// Creates the backend.
    #[must_use]
    pub fn new() -> Self {
        Self(())
    }
}

impl fmt::Display for Inline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the program itself")
    }
}

impl Backend for Inline {
    fn kind(&self) -> &str {
        BuiltIn::Inline.name()
    }

    /// Read at every step.
    fn capabilities(&self) -> Capabilities {
        Capabilities::new()
            .uses_role(false)
            .cached(false)
            .names_are_variables(true)
            .needs_tokio(false)
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        one_by_one(requests, fetch_one)
    }

    /// The values are in the sources: there is nothing to reach.
    fn probe(&self) -> BoxFuture<'_, Probe> {
        Box::pin(ready(Probe::reachable()))
    }
}

fn fetch_one(request: &FetchRequest<'_>) -> Result<Fetched, Error> {
    if request.key().is_some() {
        return Err(Error::new(ErrorKind::NotSupported, "`inline` has no groups and keys")
            .with_help("write a source: { type = \"inline\", id = \"..\", options = { env_vars = { .. } } }"));
    }
    let Some(vars) = &request.options().env_vars else {
        return Err(Error::new(ErrorKind::InvalidSource, "an `inline` source has no values")
            .with_help("write options = { env_vars = { NAME = \"value\" } }"));
    };
    let field = |(name, value): (&str, &str)| (name.to_owned(), SecretValue::from(value));
    Ok(Fetched::fields(vars.iter().map(field)))
}
