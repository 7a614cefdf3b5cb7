//! "Did you mean": which secret was probably meant by a name that does not exist.

use std::{collections::BTreeMap, ops::ControlFlow};

use secrets_runtime::{Error, ErrorKind, Problem};

use crate::{
    failure::Failure,
    stores::{self, Stores},
};

/// The most names that are compared. An error must not take long in a large store.
const MAX_NAMES: usize = 20_000;
/// The most missing secrets for which a similar name is looked for, for the same reason.
const MAX_SEARCHES: usize = 20;

/// Adds to a failure which secrets were probably meant.
pub fn suggest(failure: Failure) -> Failure {
    let Failure::Secrets(error) = failure else { return failure };
    let mut searches = Searches::default();
    let problems = error.problems().iter().map(|problem| match searches.suggestion(problem) {
        None => problem.clone(),
        Some(meant) => {
            let help = problem.help().map(|help| format!(" {help}")).unwrap_or_default();
            problem.clone().with_help(format!("{meant}{help}"))
        }
    });
    Failure::Secrets(Error::join(problems).unwrap_or(error))
}

/// The searches for the secrets that one failure is about.
#[derive(Default)]
struct Searches {
    count: usize,
    /// By the type of the backend; `None` if its names cannot be listed.
    backends: BTreeMap<String, Option<KnownNames>>,
}

/// The names of a backend.
struct KnownNames {
    /// Those that secrets.toml maps: they are not the names of the secrets that were looked for.
    mapped: Vec<String>,
    secrets: Vec<String>,
}

impl Searches {
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
        let known = self.backends.entry(kind.to_owned()).or_insert_with(|| KnownNames::of(kind));
        let known = known.as_ref()?;
        if known.mapped.iter().any(|mapped| mapped == problem.origin()) {
            return None;
        }
        self.count += 1;
        known.suggestion(name)
    }
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

    fn suggestion(&self, name: &str) -> Option<String> {
        let field_of = |(at, _): (usize, &str)| {
            let (secret, key) = (name.get(..at)?, name.get(at + 1..)?);
            (!key.is_empty() && self.secrets.iter().any(|known| known == secret))
                .then_some((secret, key))
        };
        if let Some((secret, key)) = name.match_indices('.').find_map(field_of) {
            return Some(format!(
                "did you mean the field `{key}` of `{secret}` (`secrets get {secret} {key}`, `secrets run --env NAME={secret}.{key}`)?"
            ));
        }
        // Of one or two letters every name is near every other one.
        let is_long = |text: &str| text.chars().count() > 2;
        let comparable = self.secrets.iter().filter(|known| is_long(known) || is_long(name));
        let near = secrets_spec::closest(name, comparable.map(String::as_str))?;
        Some(format!("did you mean `{near}`?"))
    }
}
