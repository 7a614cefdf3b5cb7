//! `cargo xtask`: the project's checks, and the real servers that its tests need.
//!
//! `cargo xtask test` runs the stages of `stages`, one after another and all of them, and says at the end
//! what passed, what failed and what was skipped. A stage that needs a tool or a server gets it from `services`;
//! what no stage needs is not started. `cargo xtask servers` starts them for a person instead.
//! `cargo xtask bench` measures, which is not part of the checks.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command that talks to a person")]

mod bench;
mod command;
mod process_group;
mod report;
mod servers;
mod services;
mod stages;
mod task;
mod test_run;
mod workspace;

use std::process::ExitCode;

use task::Task;
use workspace::Workspace;

fn main() -> ExitCode {
    let outcome = match Task::parse(std::env::args().skip(1)) {
        Ok(Task::Help) => {
            print!("{}", task::help());
            Ok(true)
        }
        Ok(Task::Test { stages, require_all }) => {
            Workspace::read().map(|workspace| test_run::run(&workspace, &stages, require_all))
        }
        Ok(Task::Servers { services }) => {
            Workspace::read().and_then(|workspace| servers::run(&workspace, &services))
        }
        Ok(Task::Bench { groups }) => {
            Workspace::read().and_then(|workspace| bench::run(&workspace, &groups))
        }
        Err(message) => {
            eprintln!("error: {message}\n\n{}", task::help());
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
