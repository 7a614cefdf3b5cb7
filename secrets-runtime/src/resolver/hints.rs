//! What the resolver can say besides a backend about a problem: it knows how the source is written, and what the
//! settings make of it.

use crate::{
    core::error::{Error, Problem},
    declaration::Declaration,
    resolver::{redirected, untyped},
    settings::Settings,
};

/// The error of a declaration, with more help where there is any.
pub(super) fn explain(error: Error, declaration: &Declaration, settings: &Settings) -> Error {
    let step = error.step().map(str::to_owned);
    let explain = |problem: Problem| match help(&problem, declaration, settings) {
        Some(help) => problem.help_with(help),
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
    let redirected = redirected::help(problem, declaration, settings);
    redirected.or_else(|| untyped::help(problem, declaration, settings))
}
