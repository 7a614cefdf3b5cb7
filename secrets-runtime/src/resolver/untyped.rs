//! A source with fields and no `type` is a name, whatever stands before its first dot. Where there is no such
//! secret, its author may have meant a type.

use secrets_spec::Source;

use crate::{
    core::error::{ErrorKind, Problem},
    declaration::Declaration,
    settings::Settings,
};

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
