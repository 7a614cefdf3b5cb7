//! `step NAME`: runs one step.

use std::panic::{AssertUnwindSafe, catch_unwind};

use secrets_runtime::{__flow::take_failure, ErrorKind, cli::SecretsArgs};

#[cfg(target_os = "linux")]
use crate::commands::run::orphans;
use crate::{
    arguments::RestartArguments,
    checks::graph::suggestion,
    commands::launch,
    failure::{CommandFailure, StepFailure},
    mask::output_mask::OutputMask,
    plan::FlowPlan,
    program::report,
    step::FlowStep,
};

/// The exit code of a Rust program that panics.
const PANICKED: u8 = 101;

/// Runs a step, whose output is masked, and returns its exit code.
pub fn run(
    flow: &FlowPlan,
    secrets: SecretsArgs,
    name: &str,
    restart: RestartArguments,
) -> Result<u8, CommandFailure> {
    let Some(step) = flow.find(name) else {
        let message = format!("there is no step `{name}`: {}", suggestion(name, &flow.names()));
        return Err(CommandFailure::usage(message));
    };
    #[cfg(target_os = "linux")]
    if let Some(run) = restart.under_run {
        orphans::adopt();
        orphans::end_with_parent(run);
    }
    launch::apply(secrets)?;
    let mask = OutputMask::start(restart.under_supervisor)?;
    if restart.under_run.is_some() {
        mask.report_to_run();
    }
    let code = attempt(step);
    mask.finish();
    Ok(code)
}

/// Runs the body once, reports why it has failed, and returns the exit code.
pub fn attempt(step: &FlowStep) -> u8 {
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
