//! A source that the settings put in another's place: where it was looked for is not what the code says.

use crate::{
    core::error::{ErrorKind, Problem},
    declaration::Declaration,
    settings::Settings,
};

/// The help of a problem with such a source, which names the file; `None` of any other.
pub(super) fn help(
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
