use std::{ffi::OsStr, io::ErrorKind as IoKind, process::Command};

use crate::{args::Run, asked, failure::Failure};

/// What a program needs that is no configuration of its own: `--pristine` leaves it.
const NEEDED: &[&str] =
    &["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "TZ", "TMPDIR"];

/// Runs a program with secrets in its environment. On Unix it takes the place of this process: signals, job
/// control and the exit code are its own.
pub fn run(args: &Run) -> Result<(), Failure> {
    let Some((program, arguments)) = args.program.split_first() else {
        return Err(Failure::usage("there is no program", "write it after --"));
    };
    let secrets = asked::resolve(&args.asked, None)?;
    let stays = |name: &OsStr| !args.pristine || is_needed(name);
    let present = |name: &str| std::env::var_os(name).filter(|_| stays(OsStr::new(name)));
    let mut command = Command::new(program);
    command.args(arguments);
    if args.pristine {
        command.env_clear();
        command.envs(std::env::vars_os().filter(|(name, _)| is_needed(name)));
    }
    for (name, value) in secrets.exports(present)? {
        // The program's environment is where this value is asked to go.
        command.env(name, value.expose_str()?);
    }
    drop(secrets);
    launch(command, program)
}

fn is_needed(name: &OsStr) -> bool {
    let locale = name.to_str().is_some_and(|name| name.starts_with("LC_"));
    locale || NEEDED.iter().any(|needed| name == *needed)
}

#[cfg(unix)]
fn launch(mut command: Command, program: &OsStr) -> Result<(), Failure> {
    use std::os::unix::process::CommandExt;

    Err(not_run(program, &command.exec()))
}

#[cfg(not(unix))]
fn launch(mut command: Command, program: &OsStr) -> Result<(), Failure> {
    let status = command.status().map_err(|error| not_run(program, &error))?;
    std::process::exit(status.code().unwrap_or(1))
}

fn not_run(program: &OsStr, error: &std::io::Error) -> Failure {
    let (reason, code) = match error.kind() {
        IoKind::NotFound => ("there is no such program".to_owned(), 127),
        IoKind::PermissionDenied => ("it may not be executed".to_owned(), 126),
        kind => (kind.to_string(), 126),
    };
    Failure::Program { message: format!("{}: {reason}", program.to_string_lossy()), code }
}
