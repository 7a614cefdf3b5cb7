use std::{collections::BTreeMap, ffi::OsString, fmt};

use secrets_spec::{BuiltIn, VariableName};

use crate::{
    backend::{
        Backend, BoxFuture, Fetched, capabilities::Capabilities, fetch_request::FetchRequest,
        identity::Identity, one_by_one::one_by_one,
    },
    context::env_vars::from_os,
    core::{
        error::{Error, ErrorKind, Problem},
        secret_value::SecretValue,
    },
};

/// Environment variables as secrets: Prefect's `EnvVarSecret`.
///
/// A source's id is the variable's name; for a request it is `GROUP_KEY`, upper-cased, with `_` for every character
/// but letters and digits. A variable that is not set is [`ErrorKind::NotFound`], an empty one is a value. Variables
/// are read at every step and never cached.
///
/// An id that ends with `*` is a set: each variable whose name begins with the text before it is a field, named after
/// the rest in lower case. `DB_*` has the fields `user` and `password` where `DB_USER` and `DB_PASSWORD` are set, as by
/// `envFrom` in Kubernetes. If there is no such variable, it is [`ErrorKind::NotFound`].
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
        let exists = |request: &FetchRequest<'_>| match prefix_of_set(request) {
            Some(prefix) => Ok(!names_with(prefix).is_empty()),
            // The value that is looked at on the way is wiped.
            None => Ok(std::env::var_os(name(request)).map(from_os).is_some()),
        };
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
            let message = format!("{group}/{key} is read from the variable {} too", name(request));
            Err(Error::new(ErrorKind::Ambiguous, message)
                .with_help("give one of them another name, or read it as the source env.NAME"))
        }
    }
}

fn fetch_one(request: &FetchRequest<'_>) -> Result<Fetched, Error> {
    if let Some(prefix) = prefix_of_set(request) {
        return fetch_set(prefix);
    }
    let name = name(request);
    let value: OsString = std::env::var_os(&name).ok_or_else(|| {
        let help = match request.key() {
            Some(_) => format!("set the variable {name} to the secret's value"),
            None => how_to_set(&name),
        };
        Error::new(ErrorKind::NotFound, format!("the environment has no variable {name}"))
            .with_help(help)
    })?;
    let value = from_os(value);
    let fetched = if value.is_text() { Fetched::text(value) } else { Fetched::binary(value) };
    Ok(fetched.with_name(name))
}

/// Returns what the variables of a set begin with, if the request is for a set.
fn prefix_of_set<'a>(request: &FetchRequest<'a>) -> Option<&'a str> {
    request.id().strip_suffix('*').filter(|_| request.key().is_none())
}

fn fetch_set(prefix: &str) -> Result<Fetched, Error> {
    let names = names_with(prefix);
    if names.is_empty() {
        let message = format!("the environment has no variable whose name begins with {prefix}");
        let help = format!("set one variable for each field, such as {prefix}PASSWORD");
        return Err(Error::new(ErrorKind::NotFound, message).with_help(help));
    }
    let mut fields: BTreeMap<String, (String, SecretValue)> = BTreeMap::new();
    let mut problems = Vec::new();
    for name in names {
        let Some(value) = std::env::var_os(&name).map(from_os) else { continue };
        let field = name[prefix.len()..].to_lowercase();
        if !value.is_text() {
            let message = format!("the variable {name} is not UTF-8, and a field of a set is text");
            let help = format!("read it as a source of its own: env.{name}");
            problems.push(Problem::new(ErrorKind::Undecodable, message).with_help(help));
        }
        if let Some((other, _)) = fields.get(&field) {
            let message = format!("both {other} and {name} are the field `{field}`");
            let help = "unset one of the two";
            problems.push(Problem::new(ErrorKind::Ambiguous, message).with_help(help));
        }
        fields.insert(field, (name, value));
    }
    match Error::join(problems) {
        Some(error) => Err(error),
        None => Ok(Fetched::fields(fields.into_iter().map(|(field, (_, value))| (field, value)))),
    }
}

/// Returns the names of the variables that begin with a text and go on after it, sorted.
fn names_with(prefix: &str) -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, value)| {
        // Every value of the environment is copied here.
        drop(from_os(value));
        name.into_string().ok()
    });
    let mut names: Vec<String> =
        names.filter(|name| name.len() > prefix.len() && name.starts_with(prefix)).collect();
    names.sort();
    names
}

/// Says how to set the variable of a source, or one variable for each of its fields. No shell can set some of the names
/// that a source may have: there a setting says which variable it is.
fn how_to_set(name: &str) -> String {
    let mapped = VariableName::of_field(name);
    let Ok(variable) = mapped.map(|variable| variable.as_str().to_ascii_uppercase()) else {
        return format!("set the variable {name} to the secret's value");
    };
    let prefix = format!("{variable}_");
    let present = names_with(&prefix);
    let fields = match present.as_slice() {
        [] => format!("if each field has a variable of its own, such as {prefix}PASSWORD,"),
        names => format!("the environment has {}: for these as fields,", names.join(", ")),
    };
    let set = format!("{prefix}*");
    if name == VariableName::map(name) {
        return format!(
            "set the variable {name} to the secret's value; {fields} write \"env.{set}\" or type = \"env\", id = \"{set}\""
        );
    }
    format!(
        "no shell can set this name: say which variable it is in secrets.toml, \
         [sources.\"{name}\"] type = \"env\", id = \"{variable}\", options = {{ json = true }} if it holds a JSON object; \
         {fields} write id = \"{set}\" there"
    )
}

fn name(request: &FetchRequest<'_>) -> String {
    let Some(key) = request.key() else { return request.id().to_owned() };
    let parts: Vec<_> = [request.id(), key].into_iter().filter(|part| !part.is_empty()).collect();
    let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    parts.join("_").chars().map(upper).collect()
}
