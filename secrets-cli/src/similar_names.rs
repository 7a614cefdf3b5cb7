//! "Did you mean": which secret was probably meant by a name that does not exist.

use std::{collections::BTreeMap, ops::ControlFlow};

use secrets_runtime::{Error, ErrorKind, Problem};
use secrets_spec::{BuiltIn, shell_word};

use crate::{
    failure::Failure,
    stores::{self, Stores},
};

/// The most names that are compared. An error must not take long in a large store.
const MAX_NAMES: usize = 20_000;
/// The most missing secrets for which a similar name is looked for, for the same reason.
const MAX_SEARCHES: usize = 20;

/// The commands that take the name that a backend has for a secret, and what stands behind it.
const OF_NAMES: [(&str, &str); 5] =
    [("get", ""), ("update", ""), ("delete", ""), ("rename", " NEW"), ("export", "")];

/// Adds to a failure of a command which secrets were probably meant.
pub fn suggest(failure: Failure, command: &str) -> Failure {
    let Failure::Secrets(error) = failure else { return failure };
    let of_names = OF_NAMES.into_iter().find(|(name, _)| *name == command);
    let mut searches = Searches { of_names, ..Searches::default() };
    let problems = error.problems().iter().map(|problem| {
        if let Some(help) = searches.with_backend(problem) {
            return problem.clone().with_help(help);
        }
        match searches.suggestion(problem) {
            None => problem.clone(),
            Some(meant) => {
                let help = problem.help().map(|help| format!(" {help}")).unwrap_or_default();
                problem.clone().with_help(format!("{meant}{help}"))
            }
        }
    });
    Failure::Secrets(Error::join(problems).unwrap_or(error))
}

/// The searches for the secrets that one failure is about.
#[derive(Default)]
struct Searches {
    /// The command, if it takes names and not sources, and what stands behind the name.
    of_names: Option<(&'static str, &'static str)>,
    count: usize,
    /// By the type of the backend; `None` if its names cannot be listed.
    backends: BTreeMap<String, Option<KnownNames>>,
    /// The types of the backends in the settings, once they are known.
    tables: Option<Vec<String>>,
}

/// The names of a backend.
struct KnownNames {
    /// Those that secrets.toml maps: they are not the names of the secrets that were looked for.
    mapped: Vec<String>,
    secrets: Vec<String>,
}

impl Searches {
    /// Returns the command for a secret whose name begins with the type of its backend, as a source does.
    fn with_backend(&mut self, problem: &Problem) -> Option<String> {
        if problem.kind() != ErrorKind::NotFound || problem.backend().is_none() {
            return None;
        }
        let (command, behind) = self.of_names?;
        let (kind, id) = problem.origin().split_once('.').filter(|(_, id)| !id.is_empty())?;
        let resolver = stores::resolver(None).ok()?;
        stores::is_type(kind, &resolver).then(|| {
            let word = shell_word(id);
            format!(
                "`{kind}` is a backend, which is not a part of the name: \
                 `secrets {command} {word}{behind} --backend {kind}`"
            )
        })
    }

    /// Returns what was probably meant by a secret that does not exist.
    fn suggestion(&mut self, problem: &Problem) -> Option<String> {
        if problem.kind() != ErrorKind::NotFound || self.count == MAX_SEARCHES {
            return None;
        }
        let kind = problem.backend()?;
        let name = problem.origin().strip_prefix(&format!("{kind}.")).unwrap_or(problem.origin());
        if name.is_empty() {
            return None;
        }
        self.count += 1;
        let is_typed = name.len() < problem.origin().len();
        let known = self.backends.entry(kind.to_owned()).or_insert_with(|| KnownNames::of(kind));
        let Some(known) = known else { return self.table(name).filter(|_| !is_typed) };
        if known.mapped.iter().any(|mapped| mapped == problem.origin()) {
            return None;
        }
        let (field, near) = (known.field(name), known.near(name));
        field.or_else(|| self.table(name).filter(|_| !is_typed)).or(near)
    }

    /// Returns the backend of the settings that was probably meant by what stands before the first dot of a name.
    fn table(&mut self, name: &str) -> Option<String> {
        let (before, id) = name.split_once('.')?;
        let tables = self.tables.get_or_insert_with(|| {
            let resolver = stores::resolver(None).ok();
            let kinds = resolver.iter().flat_map(|resolver| resolver.backends());
            let kinds = kinds.map(|backend| backend.kind().to_owned());
            kinds.filter(|kind| BuiltIn::parse(kind).is_none()).collect()
        });
        let comparable = tables.iter().filter(|table| is_long(table) || is_long(before));
        let near = secrets_spec::closest(before, comparable.map(String::as_str))?;
        Some(match self.of_names {
            Some((command, behind)) => {
                let word = shell_word(id);
                format!("did you mean `secrets {command} {word}{behind} --backend {near}`?")
            }
            None => format!("did you mean `{near}.{id}`, of the backend in [backends.{near}]?"),
        })
    }
}

/// Of one or two letters every name is near every other one.
fn is_long(text: &str) -> bool {
    text.chars().count() > 2
}

impl KnownNames {
    fn of(kind: &str) -> Option<Self> {
        let resolver = stores::resolver(Some(kind)).ok()?;
        let mapped = resolver.mapped_sources().map(|(name, ..)| name.to_owned()).collect();
        let stores = Stores::of(&resolver).ok()?;
        // A list of AWS Secrets Manager needs another permission and takes seconds.
        if stores.secrets_manager().is_some() {
            return None;
        }
        let mut secrets = Vec::new();
        let mut push = |known: String| {
            secrets.push(known);
            if secrets.len() < MAX_NAMES {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        };
        stores.store().ok()?.list_each_blocking(&mut push).ok()?;
        Some(Self { mapped, secrets })
    }

    /// Returns the field of a secret that was probably meant.
    fn field(&self, name: &str) -> Option<String> {
        let field_of = |(at, _): (usize, &str)| {
            let (secret, key) = (name.get(..at)?, name.get(at + 1..)?);
            (!key.is_empty() && self.secrets.iter().any(|known| known == secret))
                .then_some((secret, key))
        };
        let (secret, key) = name.match_indices('.').find_map(field_of)?;
        Some(format!(
            "did you mean the field `{key}` of `{secret}` (`secrets get {} {}`, `secrets run --env {}`)?",
            shell_word(secret),
            shell_word(key),
            shell_word(&format!("NAME={secret}.{key}"))
        ))
    }

    /// Returns the secret that was probably meant.
    fn near(&self, name: &str) -> Option<String> {
        // A secret of this name lacks the version, or something else that was asked for.
        if self.secrets.iter().any(|known| known == name) {
            return None;
        }
        let comparable = self.secrets.iter().filter(|known| is_long(known) || is_long(name));
        let near = secrets_spec::closest(name, comparable.map(String::as_str))?;
        Some(format!("did you mean `{near}`?"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_exists_is_not_suggested() {
        let names = ["secret/prod-db", "secret/prod-db2"].map(str::to_owned);
        let known = KnownNames { mapped: Vec::new(), secrets: names.to_vec() };
        // A version of it was not found.
        assert_eq!(known.near("secret/prod-db"), None);
        assert_eq!(
            known.near("secret/prod-dbb").as_deref(),
            Some("did you mean `secret/prod-db`?")
        );
    }
}
