//! Asks the backends which secrets exist and which keys they have.

use std::collections::{BTreeMap, BTreeSet};

use secrets_runtime::{Declaration, DeclarationBuilder, Error, ErrorKind, Problem, Resolver};
use secrets_spec::{LockedFields, Request, Source, SourceRole};

use crate::{
    commands::lock::lock_targets::{LockTarget, LockTargets},
    failure::error_about,
};

type Answers = BTreeMap<String, Result<LockedFields, Error>>;

/// Asks about all targets: as many as possible at once, and each on its own if one fails.
pub fn ask(resolver: &Resolver, targets: &LockTargets) -> Answers {
    let mut answers = Answers::new();
    for batch in batches(targets) {
        ask_batch(resolver, batch, &mut answers);
    }
    for (name, target) in targets.iter() {
        let is_known = answers.get(name).is_some_and(Result::is_ok);
        if is_known || target.requests.is_empty() && answers.contains_key(name) {
            continue;
        }
        let answer = ask_requests(resolver, name, target);
        // What a backend says of the source is more than what it says of each key.
        if answer.is_ok() || !answers.contains_key(name) {
            answers.insert(name.to_owned(), answer);
        }
    }
    answers
}

/// Adds the profile to what is said about a secret.
pub fn in_profile(error: &Error, profile: &str) -> Error {
    let about = |problem: &Problem| {
        let message = format!("in the profile `{profile}`: {}", problem.message());
        let mut error = Error::new(problem.kind(), message);
        if let Some(help) = problem.help() {
            error = error.with_help(help);
        }
        error.about(problem.origin(), problem.backend())
    };
    Error::join(error.problems().iter().map(about)).unwrap_or_else(|| error.clone())
}

/// Sources that can be declared together, with their role.
struct Batch<'a> {
    role: &'a SourceRole,
    sources: Vec<(&'a str, &'a Source)>,
    groups: BTreeSet<&'a str>,
}

/// Divides the sources: no two of one batch have one group, and all have one role.
fn batches(targets: &LockTargets) -> Vec<Batch<'_>> {
    let mut batches: Vec<Batch<'_>> = Vec::new();
    for (name, target) in targets.iter() {
        let Some((source, role)) = &target.source else { continue };
        let fits =
            |batch: &&mut Batch<'_>| batch.role == role && !batch.groups.contains(source.group());
        match batches.iter_mut().find(fits) {
            Some(batch) => {
                batch.sources.push((name, source));
                batch.groups.insert(source.group());
            }
            None => batches.push(Batch {
                role,
                sources: vec![(name, source)],
                groups: BTreeSet::from([source.group()]),
            }),
        }
    }
    batches
}

/// Asks about a batch, and again without those that failed. What was found is cached meanwhile.
fn ask_batch(resolver: &Resolver, batch: Batch<'_>, answers: &mut Answers) {
    let mut pending = batch.sources;
    while !pending.is_empty() {
        let resolved = declaration(batch.role, pending.iter().map(|(_, source)| *source))
            .and_then(|declaration| resolver.resolve_blocking(&declaration.build()));
        let error = match resolved {
            Ok(context) => {
                for (name, source) in pending {
                    let fields = context.secrets.locked_fields(source.group());
                    let missing = || {
                        error_about(
                            name,
                            ErrorKind::NotFound,
                            "the backend has no such secret",
                            "check the name",
                        )
                    };
                    answers.insert(name.to_owned(), fields.ok_or_else(missing));
                }
                return;
            }
            Err(error) => error,
        };
        let count = pending.len();
        pending.retain(|(name, source)| {
            // A source that is declared as JSON is known by its id. No two of a batch have one group.
            let known_by = [source.origin(), *name, source.id()];
            let is_about = |problem: &&Problem| known_by.contains(&problem.origin());
            let problems: Vec<&Problem> = error.problems().iter().filter(is_about).collect();
            let own = Error::join(problems.into_iter().map(|problem| named(problem, name)));
            match own {
                Some(own) => {
                    answers.insert((*name).to_owned(), Err(own));
                    false
                }
                None => true,
            }
        });
        if pending.len() == count {
            // It is about none of them: a setting, or the role.
            for (name, _) in pending {
                answers.insert(name.to_owned(), Err(error.clone()));
            }
            return;
        }
    }
}

/// Returns a problem about the secret whose line has this name.
fn named(problem: &Problem, name: &str) -> Error {
    Error::from(problem.clone()).about(name, problem.backend())
}

fn declaration<'a>(
    role: &SourceRole,
    sources: impl Iterator<Item = &'a Source>,
) -> Result<DeclarationBuilder, Error> {
    let mut builder = Declaration::builder("secrets lock");
    for source in sources {
        builder = builder.source(&source.to_string())?;
    }
    match role.as_str() {
        Some(role) => builder.role(role),
        None => Ok(builder),
    }
}

/// Asks for each key that is requested of a group.
fn ask_requests(
    resolver: &Resolver,
    name: &str,
    target: &LockTarget,
) -> Result<LockedFields, Error> {
    let (mut keys, mut errors) = (Vec::new(), Vec::new());
    for (request, role) in &target.requests {
        match ask_request(resolver, request, role) {
            Ok(()) => keys.push(request.view().key.to_owned()),
            Err(error) => errors.push(error),
        }
    }
    if let Some(error) = Error::join(errors) {
        return Err(error);
    }
    match target.requests.first() {
        Some((request, _)) if request.view().group.is_empty() => Ok(LockedFields::Text),
        Some(_) => Ok(LockedFields::keys(keys)),
        None => Err(error_about(
            name,
            ErrorKind::InvalidSource,
            "this is not the name of a source",
            "correct the line, or remove it",
        )),
    }
}

fn ask_request(resolver: &Resolver, request: &Request, role: &SourceRole) -> Result<(), Error> {
    let view = request.view();
    let builder = declaration(role, std::iter::empty())?.request(view.group, view.key)?;
    resolver.resolve_blocking(&builder.build()).map(|_| ())
}
