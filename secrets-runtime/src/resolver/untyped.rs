//! A source with fields and no `type` is a name, whatever stands before its first dot. Where there is no such
//! secret, its author may have meant a type.

use secrets_spec::Source;

use crate::{Declaration, Error, ErrorKind, Problem, settings::Settings};

/// The error of a declaration, with more help for each untyped source that was not found and reads like a type
/// and an id.
pub(super) fn explain(error: Error, declaration: &Declaration, settings: &Settings) -> Error {
    let step = error.step().map(str::to_owned);
    let explain = |problem: Problem| match help(&problem, declaration, settings) {
        Some(help) => problem.help_with(help),
        None => problem,
    };
    let problems = error.into_problems().into_iter().map(explain).collect();
    Error::from_problems(problems).in_step(step.as_deref())
}

/// The help of such a problem; `None` of any other.
pub(super) fn help(
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
