//! References such as `vault.secret/db.user`: their first word is the type of a backend, where the name of a secret belongs.

use secrets_runtime::{Error, ErrorKind, Problem, Resolver, config::Reference};

use crate::{
    output::{escape::json_string, reporter::is_reference},
    stores::is_type,
};

/// What a reference was probably meant to say.
pub struct TypedReference<'a> {
    /// The type of the backend.
    pub kind: &'a str,
    pub id: &'a str,
    pub key: &'a str,
}

/// Adds to the errors of secrets that do not exist how a reference reaches a secret of another backend. `form` says it in the
/// words of the command, for the reference at this place of the list.
pub fn explain(
    error: &Error,
    resolver: &Resolver,
    references: &[Reference],
    form: impl Fn(usize, &TypedReference<'_>) -> String,
) -> Error {
    let explain = |problem: &Problem| {
        let kind = problem.origin();
        let place = references.iter().position(|reference| reference.name() == kind);
        match place.filter(|_| problem.kind() == ErrorKind::NotFound && is_type(kind, resolver)) {
            None => problem.clone(),
            Some(place) => {
                let (id, key) = match references[place].key().rsplit_once('.') {
                    Some((id, key)) if !id.is_empty() && !key.is_empty() => (id, key),
                    _ => (references[place].key(), "KEY"),
                };
                let form = form(place, &TypedReference { kind, id, key });
                let help =
                    format!("`{kind}` is a backend, and a reference begins with a secret: {form}");
                // The braces may be those of another tool.
                let braces = problem.help().filter(|help| help.contains("\\{{"));
                let braces = braces.map(|help| format!("; {help}")).unwrap_or_default();
                let help = format!("{help}{braces}");
                problem.clone().with_help(help)
            }
        }
    };
    Error::join(error.problems().iter().map(explain)).unwrap_or_else(|| error.clone())
}

impl TypedReference<'_> {
    /// Returns the source, and the reference to its field.
    pub fn source(&self) -> (String, String) {
        let Self { kind, id, key } = self;
        let reference = format!("{id}.{key}");
        // A group ends at the first dot.
        if !id.contains('.') && is_reference(&reference) {
            return (format!("{kind}.{id}"), reference);
        }
        let (kind, id) = (json_string(kind), json_string(id));
        (format!("{{\"id\": {id}, \"type\": {kind}, \"group\": \"a\"}}"), format!("a.{key}"))
    }

    /// Returns how a document names the secret: in a table of `secrets.toml`.
    pub fn table(&self) -> String {
        let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let name = self.id.rsplit(|c| !is_bare(c)).next().filter(|name| !name.is_empty());
        let name = name.unwrap_or("NAME");
        let (kind, id) = (json_string(self.kind), json_string(self.id));
        format!(
            "write [sources.{name}] with type = {kind} and id = {id} in secrets.toml, and {{{{{name}.{}}}}} here",
            self.key
        )
    }
}
