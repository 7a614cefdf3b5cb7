//! The `secrets` command: stores secrets, shows them, and passes them to programs.
//!
//! The command line is parsed into [`args::Arguments`], and each command is one file under `commands/`. A command
//! that fails returns a [`failure::Failure`], which is reported once, here, with the exit code of its kind. Data
//! goes to standard output, messages go to standard error.

mod args;
mod commands;
mod compiled_program;
mod exit;
mod failure;
mod input;
mod leases;
mod lock_file;
#[cfg(unix)]
mod masking;
mod output;
mod process;
mod similar_names;
mod stores;
mod tag;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use args::{Arguments, argv};
use failure::Failure;
use output::{repeated_options, reporter::Reporter};
#[cfg(unix)]
use process::signals;
use process::{core_files, panic_message};

fn main() -> ExitCode {
    let typed: Vec<_> = std::env::args_os().collect();
    #[cfg(unix)]
    if let Some(code) = masking::monitor::run_if_started(&typed, commands::run::launch_error) {
        return code;
    }
    core_files::disable();
    let reporter = Reporter::new(argv::wants_json(&typed));
    panic_message::install(reporter.clone());
    let outcome = start(typed, &reporter);
    #[cfg(unix)]
    signals::interruption::end_if_signaled();
    leases::give_back();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            reporter.failure(&failure);
            exit::code(&failure)
        }
    }
}

fn start(typed: Vec<std::ffi::OsString>, reporter: &Reporter) -> Result<(), Failure> {
    let mut command = Arguments::command();
    command.build();
    let (typed, fields) = argv::take_fields(argv::move_options(typed), &command)?;
    let takes_values = argv::takes_values(&typed);
    let typed_words = typed.clone();
    let matches = command
        .try_get_matches_from_mut(typed)
        .map_err(|error| if takes_values { argv::mask(error) } else { error })
        .map_err(|error| argv::suggest_missing(error, &typed_words))
        .map_err(|error| argv::join_lines(argv::suggest_command(error, &command)))?;
    let arguments = Arguments::from_arg_matches(&matches)?;
    let takes_profiles = matches!(arguments.command, args::Command::Lock(_));
    let of_command = matches.subcommand().map(|(_, matches)| matches);
    let backend = of_command.and_then(|it| it.try_get_one::<String>("backend").ok().flatten());
    repeated_options::remember(backend.map(String::as_str), &arguments.profile);
    stores::use_profiles(arguments.profile, takes_profiles)?;
    let command = matches.subcommand_name().unwrap_or_default();
    commands::run(arguments.command, fields, reporter)
        .map_err(|failure| similar_names::suggest(failure, command))
}
