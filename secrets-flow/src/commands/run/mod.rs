//! `run`: runs the steps of a flow.

mod exit_code;
mod in_process;
#[cfg(target_os = "linux")]
pub mod orphans;
#[cfg(unix)]
mod output;
#[cfg(unix)]
mod processes;
#[cfg(unix)]
mod progress;
mod schedule;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod step_process;
#[cfg(unix)]
mod terminal;

use secrets_runtime::cli::SecretsArgs;

use crate::{
    arguments::{RestartArguments, RunArguments, split_assignment},
    attempts::most_attempts,
    checks::{graph::suggestion, name::check_variable},
    commands::{
        launch,
        run::{
            exit_code::describe,
            schedule::{RunSchedule, StepState},
        },
        table::columns,
    },
    failure::CommandFailure,
    plan::FlowPlan,
    program::say,
    step::canonical,
};

/// Runs the steps, prints a table, and returns the exit code of the step that failed first.
pub fn run(
    flow: &FlowPlan,
    secrets: SecretsArgs,
    arguments: &RunArguments,
    restart: RestartArguments,
) -> Result<u8, CommandFailure> {
    let mut mistakes = Vec::new();
    let mut variables = Vec::new();
    for text in &arguments.set {
        match split_assignment("--set", text) {
            Ok((name, value)) => {
                mistakes.extend(check_variable(name).err().map(|why| format!("--set: {why}")));
                variables.push((name.to_owned(), value.to_owned()));
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    let names = flow.names();
    for name in &arguments.only {
        if flow.find(name).is_none() {
            let suggestion = suggestion(&canonical(name), &names);
            mistakes.push(format!("--only: there is no step `{name}`: {suggestion}"));
        }
    }
    if !mistakes.is_empty() {
        return Err(CommandFailure::Usage(mistakes));
    }
    let only: Vec<String> = arguments.only.iter().map(|name| canonical(name)).collect();
    let mut schedule = RunSchedule::new(&flow.steps, &only, most_attempts()?);
    let (mut mask, mut ended_by) = (None, None);
    if arguments.in_process {
        let run = in_process::run(flow, secrets, &variables, &mut schedule, restart);
        mask = Some(run?);
    } else {
        let scheduled =
            flow.steps.iter().enumerate().filter(|(index, _)| schedule.run_of(*index).is_some());
        let set = || variables.iter().map(|(name, _)| name);
        launch::check(&secrets, scheduled.map(|(_, step)| step.env.keys().chain(set()).collect()))?;
        ended_by = in_processes(flow, &secrets, &variables, arguments, &mut schedule)?;
    }
    say(&table(flow, &schedule));
    if let Some(mask) = mask {
        mask.finish();
    }
    Ok(ended_by.or(schedule.first_failure()).unwrap_or(0))
}

#[cfg(unix)]
fn in_processes(
    flow: &FlowPlan,
    secrets: &SecretsArgs,
    variables: &[(String, String)],
    arguments: &RunArguments,
    schedule: &mut RunSchedule,
) -> Result<Option<u8>, CommandFailure> {
    processes::run(flow, secrets, variables, arguments.jobs, schedule)
}

#[cfg(not(unix))]
fn in_processes(
    _: &FlowPlan,
    _: &SecretsArgs,
    _: &[(String, String)],
    _: &RunArguments,
    _: &mut RunSchedule,
) -> Result<Option<u8>, CommandFailure> {
    let message = "steps in processes of their own need Unix: write `run --in-process`";
    Err(Error::new(ErrorKind::NotSupported, message).into())
}

/// Returns a row for each step that was to run.
fn table(flow: &FlowPlan, schedule: &RunSchedule) -> String {
    let mut rows = vec![["STEP", "RESULT", "ATTEMPTS", "TIME"].map(str::to_owned).to_vec()];
    for (index, step) in flow.steps.iter().enumerate() {
        let Some(run) = schedule.run_of(index) else { continue };
        let result = match run.state {
            StepState::Ended(0) => "ok".to_owned(),
            StepState::Ended(code) => describe(code),
            StepState::Waiting | StepState::Pausing(_) if run.attempts == 0 => "not run".to_owned(),
            StepState::Waiting | StepState::Pausing(_) | StepState::Running => "ended".to_owned(),
        };
        let time = match run.attempts {
            0 => String::new(),
            _ => format!("{:.1} s", run.time.as_secs_f64()),
        };
        rows.push(vec![step.name.clone(), result, run.attempts.to_string(), time]);
    }
    columns(&rows).trim_end().to_owned()
}
