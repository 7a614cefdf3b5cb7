//! The `secrets` command: keeps secrets, shows them, and gives them to programs.
//!
//! What a person typed becomes [`args::Arguments`], each command is one file under `commands`, and whatever
//! goes wrong is a [`failure::Failure`], told once, here, with the exit code of its kind. Data goes to standard
//! output, words go to standard error.

mod args;
mod argv;
mod asked;
mod commands;
mod dotenv;
mod exit;
mod failure;
mod feed;
mod given;
#[cfg_attr(not(feature = "aws"), path = "no_manager.rs")]
mod manager;
mod page;
mod prompt;
mod schema;
mod shelf;
mod surroundings;
mod tag;
mod value;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use args::Arguments;
use failure::Failure;
use words::Words;

fn main() -> ExitCode {
    let typed: Vec<_> = std::env::args_os().collect();
    let words = Words::new(argv::wants_json(&typed));
    match start(typed, &words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            words.failure(&failure);
            exit::code(&failure)
        }
    }
}

fn start(typed: Vec<std::ffi::OsString>, words: &Words) -> Result<(), Failure> {
    let mut command = Arguments::command();
    command.build();
    let (typed, fields) = argv::take_fields(typed, &command)?;
    let holds_values = argv::holds_values(&typed);
    let matches = command
        .try_get_matches_from(typed)
        .map_err(|error| if holds_values { argv::masked(error) } else { error })?;
    let arguments = Arguments::from_arg_matches(&matches)?;
    commands::run(arguments.command, fields, words)
}
