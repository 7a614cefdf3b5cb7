//! What the resolver adds to a problem of a backend: it knows how the source is written, and what the settings
//! make of it.

use secrets_spec::Source;

use crate::{
    core::error::{Error, ErrorKind, Problem},
    declaration::Declaration,
    settings::Settings,
};

/// The error of a declaration, with more help where there is any.
pub(super) fn explain(error: Error, declaration: &Declaration, settings: &Settings) -> Error {
    let step = error.step().map(str::to_owned);
    let explain = |problem: Problem| match help(&problem, declaration, settings) {
        Some(help) => problem.with_help(help),
        None => problem,
    };
    let problems = error.into_problems().into_iter().map(explain).collect();
    Error::from_problems(problems).in_step(step.as_deref())
}

/// More help for a problem, with the help that it has.
pub(super) fn help(
    problem: &Problem,
    declaration: &Declaration,
    settings: &Settings,
) -> Option<String> {
    let redirected = of_mapped_source(problem, declaration, settings);
    redirected.or_else(|| of_untyped_source(problem, declaration, settings))
}

/// Returns the help for a source that `secrets.toml` maps to another place: where it was looked for is not what
/// the code says, so the help names the file. `None` for any other source.
fn of_mapped_source(
    problem: &Problem,
    declaration: &Declaration,
    settings: &Settings,
) -> Option<String> {
    use ErrorKind::{AccessDenied, Deleted, NotFound, RoleDenied};
    if !matches!(problem.kind(), NotFound | Deleted | AccessDenied | RoleDenied) {
        return None;
    }
    let source = declaration.sources.iter().find(|it| it.origin() == problem.origin())?;
    let names = [source.origin(), source.group()];
    let name = names.into_iter().find(|name| settings.mapped(name).is_some())?;
    let file = settings.config_file()?.display();
    let hint = format!("`[sources.{name}]` in {file} says where it is");
    Some(match problem.help() {
        Some(help) => format!("{help}; {hint}"),
        None => hint,
    })
}

/// Returns the help for a source with fields and no `type`: it is a name, whatever stands before its first dot.
/// Where there is no such secret, its author may have meant a type. `None` for any other source.
fn of_untyped_source(
    problem: &Problem,
    declaration: &Declaration,
    settings: &Settings,
) -> Option<String> {
    if problem.kind() != ErrorKind::NotFound {
        return None;
    }
    let named = || declaration.sources.iter().filter(|it| it.origin() == problem.origin());
    let source = named().find(|it| it.backend().is_none() && it.id() == it.origin())?;
    // What the settings put in its place was not found, and not what is written.
    if settings.mapped(source.origin()).or_else(|| settings.mapped(source.group())).is_some() {
        return None;
    }
    let meant = Source::parse(source.id()).ok()?;
    let (kind, id) = (meant.backend()?.as_str(), meant.id());
    // The same text as one string, beside it in the declaration, is of that type.
    let is_typed = problem.backend() == Some(kind) && named().any(|it| it.backend().is_some());
    let hint = format!(
        "if `{id}` of the type `{kind}` was meant, write \"{}\" or {{ type = \"{kind}\", id = \"{id}\" }}",
        meant.origin()
    );
    let help = match problem.help() {
        Some(help) => format!("{hint}; otherwise {help}"),
        None => hint,
    };
    (!is_typed).then_some(help)
}
