//! `run --in-process`: all steps in this process, one after another. A pod that needs no graph does this.

use std::{
    collections::BTreeMap,
    process,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Instant,
};

use secrets_runtime::cli::SecretsArgs;

use crate::{
    arguments::{RestartArguments, WITH_VARIABLES},
    checks::environment::joined,
    commands::{
        launch,
        run::{
            exit_code::{TIMED_OUT, describe},
            schedule::{AfterAttempt, RunSchedule},
        },
        step,
    },
    failure::CommandFailure,
    mask::output_mask::OutputMask,
    plan::FlowPlan,
    program::{self, say, warn},
    step::FlowStep,
};

/// Runs the steps. The returned mask is finished when everything else has been printed. A signal ends the process: the
/// first process of a container, to which it would do nothing, does not come here.
pub fn run(
    flow: &FlowPlan,
    secrets: SecretsArgs,
    variables: &[(String, String)],
    schedule: &mut RunSchedule,
    restart: RestartArguments,
) -> Result<OutputMask, CommandFailure> {
    let scheduled = flow.steps.iter().enumerate().filter(|(i, _)| schedule.run_of(*i).is_some());
    let joined = joined(scheduled.map(|(_, step)| step), variables);
    let mut missing = joined.map_err(CommandFailure::Usage)?;
    missing.retain(|name, value| {
        let known = std::env::var_os(name);
        match variables.iter().any(|(set, _)| set == name) {
            true => known.is_none_or(|known| known != value.as_str()),
            // A pod has those that were said at its launch, which override the steps' own.
            false => known.is_none(),
        }
    });
    if !missing.is_empty() {
        restart_with(&missing, restart)?;
    }
    launch::apply(secrets)?;
    let mask = OutputMask::start(restart.under_supervisor)?;
    while let Some(&index) = schedule.ready(Instant::now()).first() {
        let Some(step) = flow.steps.get(index) else { break };
        say(&format!("{}: started", step.name));
        schedule.start(index, Instant::now());
        let code = with_timeout(step);
        match schedule.end(index, code, Instant::now()) {
            AfterAttempt::Passed => say(&format!("{}: ok", step.name)),
            AfterAttempt::Failed => say(&format!("{}: {}", step.name, describe(code))),
            AfterAttempt::Again(pause) => {
                let seconds = pause.as_secs();
                say(&format!("{}: {}, again in {seconds} s", step.name, describe(code)));
            }
        }
        if schedule.ready(Instant::now()).is_empty()
            && let Some(until) = schedule.next_start(1)
        {
            thread::sleep(until.saturating_duration_since(Instant::now()));
        }
    }
    Ok(mask)
}

/// Runs an attempt. A body cannot be ended from outside, so after its timeout the process ends.
fn with_timeout(step: &FlowStep) -> u8 {
    let Some(timeout) = step.timeout else { return step::attempt(step) };
    let (end, ended) = mpsc::channel::<()>();
    let name = step.name.clone();
    let watch = thread::spawn(move || {
        if ended.recv_timeout(timeout) == Err(RecvTimeoutError::Timeout) {
            say(&format!("{name}: {} after {} s", describe(TIMED_OUT), timeout.as_secs_f64()));
            // What was written is passed on by the process that masks, which lives longer than this one.
            process::exit(i32::from(TIMED_OUT));
        }
    });
    let code = step::attempt(step);
    drop(end);
    let _ = watch.join();
    code
}

/// Starts the program again in this process, with these variables, but not twice. A running process cannot safely
/// change its own environment.
fn restart_with(
    variables: &BTreeMap<String, String>,
    restart: RestartArguments,
) -> Result<(), CommandFailure> {
    if restart.with_variables {
        // `main` itself may change its environment before it comes to the flow.
        for name in variables.keys() {
            warn(&format!(
                "the variable {name} was set for the steps, and the program has changed it"
            ));
        }
        return Ok(());
    }
    let mut command = program::command();
    command.arg(WITH_VARIABLES).args(std::env::args_os().skip(1)).envs(variables);
    #[cfg(unix)]
    let error = std::os::unix::process::CommandExt::exec(&mut command);
    #[cfg(not(unix))]
    let error = match command.status() {
        Ok(status) => process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    };
    Err(CommandFailure::Other(format!("the program cannot be started again: {error}"), 1))
}
