//! Adds help to the problems of backends. Only the resolver knows how a source is written and which settings apply to
//! it.

use std::collections::HashMap;

use secrets_spec::Source;

use crate::{
    core::{
        error::{Error, ErrorKind, Problem},
        help_code::HelpCode,
    },
    declaration::Declaration,
    settings::Settings,
};

/// Adds help to the problems of a declaration.
pub(super) fn explain(error: Error, declaration: &Declaration, settings: &Settings) -> Error {
    let step = error.step().map(str::to_owned);
    let sources = by_origin(declaration);
    let explain = |problem: Problem| match help(&problem, &sources, settings) {
        Some(help) => problem.with_help(help),
        None => problem,
    };
    let problems = error.into_problems().into_iter().map(explain).collect();
    Error::from_problems(problems).in_step(step.as_deref())
}

/// The sources of a declaration, by the texts in which they are written.
pub(super) type ByOrigin<'a> = HashMap<&'a str, Vec<&'a Source>>;

pub(super) fn by_origin(declaration: &Declaration) -> ByOrigin<'_> {
    let mut sources: ByOrigin<'_> = HashMap::new();
    for source in &declaration.sources {
        sources.entry(source.origin()).or_default().push(source);
    }
    sources
}

/// Returns more help for a problem, combined with its present help.
pub(super) fn help(
    problem: &Problem,
    sources: &ByOrigin<'_>,
    settings: &Settings,
) -> Option<String> {
    let named = sources.get(problem.origin())?;
    let redirected = of_mapped_source(problem, named, settings);
    redirected
        .or_else(|| of_untyped_source(problem, named, settings))
        .or_else(|| of_unread_table(problem, named, settings))
}

/// Returns the help for a source such as `op.vault/item` that was searched as a name, since the table `[backends.op]`
/// is not in effect.
fn of_unread_table(problem: &Problem, named: &[&Source], settings: &Settings) -> Option<String> {
    let source = named.iter().find(|source| source.backend().is_none())?;
    let (kind, _) = source.id().split_once('.')?;
    if problem.kind() != ErrorKind::NotFound || settings.mapping_of(source).is_some() {
        return None;
    }
    let table = settings.unread_tables.help(kind)?;
    Some(match problem.help() {
        Some(help) => format!("{table}; otherwise {help}"),
        None => table,
    })
}

/// Returns the help for a source that `secrets.toml` maps to another secret. The missing secret is not the one in the
/// code, so the help names the file. Returns `None` for any other source.
fn of_mapped_source(problem: &Problem, named: &[&Source], settings: &Settings) -> Option<String> {
    use ErrorKind::{AccessDenied, Deleted, NotFound, RoleDenied};
    let is_plain = problem.help_code() == Some(&HelpCode::PlainValue);
    if !is_plain && !matches!(problem.kind(), NotFound | Deleted | AccessDenied | RoleDenied) {
        return None;
    }
    let source = named.first()?;
    let names = [source.origin(), source.group()];
    let name = names.into_iter().find(|name| settings.mapped(name).is_some())?;
    let file = settings.config_file()?.display();
    if is_plain {
        return Some(format!(
            "store a JSON object, or read it as one plain value: `options = {{ json = false }}` in `[sources.{name}]` of {file}"
        ));
    }
    let hint = format!("`[sources.{name}]` in {file} says where it is");
    Some(match problem.help() {
        Some(help) => format!("{help}; {hint}"),
        None => hint,
    })
}

/// Returns the help for a source with fields and no `type`. Its id is a name, and the part before the first
/// dot is not a type, although the author may have meant one. Returns `None` for any other source.
fn of_untyped_source(problem: &Problem, named: &[&Source], settings: &Settings) -> Option<String> {
    if problem.kind() != ErrorKind::NotFound {
        return None;
    }
    let source = named.iter().find(|it| it.backend().is_none() && it.id() == it.origin())?;
    // The missing secret is the one in the settings, and not the one in the code.
    if settings.mapped(source.origin()).or_else(|| settings.mapped(source.group())).is_some() {
        return None;
    }
    let meant = Source::parse(source.id()).ok()?;
    let (kind, id) = (meant.backend()?.as_str(), meant.id());
    // The declaration may have this text as one string too, and that source has the type.
    let is_typed = problem.backend() == Some(kind) && named.iter().any(|it| it.backend().is_some());
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
