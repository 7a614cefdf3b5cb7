//! `step NAME`: runs one step.

use std::panic::{AssertUnwindSafe, catch_unwind};

use secrets_runtime::{
    __flow::take_failure, ErrorKind, Resolver, cli::SecretsArgs, settings::variables,
};

use crate::{
    checks::graph::suggestion,
    commands,
    failure::{CommandFailure, StepFailure},
    flow::Flow,
    mask::OutputMask,
    program::report,
    step::Step,
};

/// The exit code of a Rust program that panics.
const PANICKED: u8 = 101;

/// Runs a step, whose output is masked, and returns its exit code.
pub fn run(flow: &Flow, secrets: SecretsArgs, name: &str) -> Result<u8, CommandFailure> {
    let Some(step) = flow.find(name) else {
        let names: Vec<&str> = flow.steps.iter().map(|step| step.name.as_str()).collect();
        let message = format!("there is no step `{name}`: {}", suggestion(name, &names));
        return Err(CommandFailure::usage(message));
    };
    prepare(secrets)?;
    let mask = OutputMask::start()?;
    let code = attempt(step);
    mask.finish();
    Ok(code)
}

/// Makes the options of the command line those of the process's steps.
pub fn prepare(secrets: SecretsArgs) -> Result<(), CommandFailure> {
    let mut builder = commands::resolver(secrets.clone());
    let mut has_option = secrets != SecretsArgs::default();
    // What leaves a step is looked at, unless this deployment says something else.
    if let Some(guard) = variables::ALL.iter().find(|variable| variable.name() == "SECRETS_GUARD")
        && !Resolver::builder().build()?.settings().any(|s| s.variable() == *guard && s.is_set())
    {
        builder = builder.setting(guard, "errors");
        has_option = true;
    }
    if has_option {
        builder.build()?.install()?;
    }
    Ok(())
}

/// Runs the body once, reports why it has failed, and returns the exit code.
pub fn attempt(step: &Step) -> u8 {
    take_failure();
    // A panic has been printed by its hook. Nothing of the body is used afterwards.
    let Ok(result) = catch_unwind(AssertUnwindSafe(|| step.body.run())) else {
        return PANICKED;
    };
    let noted: Option<ErrorKind> = take_failure();
    match result {
        Ok(()) => 0,
        Err(failure) => {
            let failure: StepFailure = failure.or_kind(noted);
            let text = failure.to_string();
            // Our own error says in which step it is.
            match text.starts_with("step `") {
                true => report(&text),
                false => report(&format!("step `{}`: {text}", step.name)),
            }
            failure.exit_code()
        }
    }
}
