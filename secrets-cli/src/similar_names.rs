//! "Did you mean": which secret was probably meant by a name that does not exist.

use std::ops::ControlFlow;

use secrets_runtime::{Error, ErrorKind, Problem};

use crate::{
    failure::Failure,
    stores::{self, Stores},
};

/// The most names that are compared. An error must not take long in a large store.
const MAX_NAMES: usize = 20_000;

/// Adds to a failure which secrets were probably meant.
pub fn suggest(failure: Failure) -> Failure {
    let Failure::Secrets(error) = failure else { return failure };
    let problems = error.problems().iter().map(|problem| match suggestion(problem) {
        None => problem.clone(),
        Some(meant) => {
            let help = problem.help().map(|help| format!(" {help}")).unwrap_or_default();
            problem.clone().with_help(format!("{meant}{help}"))
        }
    });
    Failure::Secrets(Error::join(problems).unwrap_or(error))
}

/// Returns what was probably meant by a secret that does not exist.
fn suggestion(problem: &Problem) -> Option<String> {
    if problem.kind() != ErrorKind::NotFound {
        return None;
    }
    let kind = problem.backend()?;
    let name = problem.origin().strip_prefix(&format!("{kind}.")).unwrap_or(problem.origin());
    if name.is_empty() {
        return None;
    }
    // A name that secrets.toml maps is not the name of the secret that was looked for.
    let resolver = stores::resolver(Some(kind)).ok()?;
    if resolver.mapped_sources().any(|(mapped, ..)| mapped == problem.origin()) {
        return None;
    }
    let stores = Stores::of(&resolver).ok()?;
    // A list of AWS Secrets Manager needs another permission and takes seconds.
    if stores.secrets_manager().is_some() {
        return None;
    }
    let mut names = Vec::new();
    let mut push = |known: String| {
        names.push(known);
        if names.len() < MAX_NAMES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    stores.store().ok()?.list_each_blocking(&mut push).ok()?;
    let field_of = |(at, _): (usize, &str)| {
        let (secret, key) = (name.get(..at)?, name.get(at + 1..)?);
        (!key.is_empty() && names.iter().any(|known| known == secret)).then_some((secret, key))
    };
    if let Some((secret, key)) = name.match_indices('.').find_map(field_of) {
        return Some(format!(
            "did you mean the field `{key}` of `{secret}` (`secrets get {secret} {key}`, `secrets run --env NAME={secret}.{key}`)?"
        ));
    }
    // Of one or two letters every name is near every other one.
    let is_long = |text: &str| text.chars().count() > 2;
    let comparable = names.iter().filter(|known| is_long(known) || is_long(name));
    let near = secrets_spec::closest(name, comparable.map(String::as_str))?;
    Some(format!("did you mean `{near}`?"))
}
