use std::{ffi::OsString, fmt};

use secrets_spec::{BuiltIn, VariableName};

use crate::{
    backend::{
        Backend, BoxFuture, Fetched, capabilities::Capabilities, fetch_request::FetchRequest,
        identity::Identity, one_by_one,
    },
    context::env_vars::from_os,
    core::error::{Error, ErrorKind},
};

/// Environment variables as secrets: Prefect's `EnvVarSecret`.
///
/// A source's id is the variable's name; for a request it is `GROUP_KEY`, upper-cased, with `_` for every character
/// but letters and digits. A variable that is not set is [`ErrorKind::NotFound`], an empty one is a value. Variables
/// are read at every step and never cached.
#[derive(Debug, Clone, Copy, Default)]
pub struct Env(());

impl Env {
    /// Creates the backend of the process's environment.
    #[must_use]
    pub fn new() -> Self {
        Self(())
    }
}

impl fmt::Display for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the process's environment")
    }
}

impl Backend for Env {
    fn kind(&self) -> &str {
        BuiltIn::Env.name()
    }

    /// Read at every step.
    fn capabilities(&self) -> Capabilities {
        Capabilities::new()
            .uses_role(false)
            .cached(false)
            .reads_environment(true)
            .needs_tokio(false)
    }

    fn identity(&self, request: &FetchRequest<'_>) -> Identity {
        Identity::without_options(request)
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        let fetch = |request| one_name(request, requests).and_then(|()| fetch_one(request));
        one_by_one(requests, fetch)
    }

    fn exists<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<bool, Error>>> {
        // The value that is looked at on the way is wiped.
        let exists =
            |request: &FetchRequest<'_>| Ok(std::env::var_os(name(request)).map(from_os).is_some());
        one_by_one(requests, exists)
    }
}

/// Checks that no other request becomes the same variable: `a-b/c` and `a.b/c` do, and only one can be meant.
fn one_name(request: &FetchRequest<'_>, all: &[FetchRequest<'_>]) -> Result<(), Error> {
    let own = (request.id(), request.key());
    let other = |other: &&FetchRequest<'_>| {
        other.key().is_some() && (other.id(), other.key()) != own && name(other) == name(request)
    };
    match all.iter().find(other).filter(|_| request.key().is_some()) {
        None => Ok(()),
        Some(other) => {
            let (group, key) = (other.id(), other.key().unwrap_or_default());
            let message = format!("the variable {} is meant by {group}/{key} too", name(request));
            Err(Error::new(ErrorKind::Ambiguous, message)
                .with_help("give one of them another name, or read it as the source env.NAME"))
        }
    }
}

fn fetch_one(request: &FetchRequest<'_>) -> Result<Fetched, Error> {
    let name = name(request);
    let value: OsString = std::env::var_os(&name).ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("the environment has no variable {name}"))
            .with_help(how_to_set(&name, request.key().is_none()))
    })?;
    let value = from_os(value);
    let fetched = if value.is_text() { Fetched::text(value) } else { Fetched::binary(value) };
    Ok(fetched.with_name(name))
}

/// Says how to set a variable. No shell can set some of the names that a source may have: there a setting says which
/// variable it is.
fn how_to_set(name: &str, is_source: bool) -> String {
    let variable =
        VariableName::of_field(name).map(|variable| variable.as_str().to_ascii_uppercase());
    match variable {
        Ok(variable) if is_source && name != VariableName::map(name) => format!(
            "no shell can set this name: say which variable it is in secrets.toml, \
             [sources.\"{name}\"] type = \"env\", id = \"{variable}\", options = {{ json = true }} if it holds a JSON object"
        ),
        _ => format!("set the variable {name} to the secret's value"),
    }
}

fn name(request: &FetchRequest<'_>) -> String {
    let Some(key) = request.key() else { return request.id().to_owned() };
    let parts: Vec<_> = [request.id(), key].into_iter().filter(|part| !part.is_empty()).collect();
    let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    parts.join("_").chars().map(upper).collect()
}
