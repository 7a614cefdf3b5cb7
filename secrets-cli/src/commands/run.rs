use std::{ffi::OsStr, io::ErrorKind as IoKind, process::Command};

use crate::{args::Run, failure::Failure};

/// The variables that `--pristine` keeps: a program needs them, and they do not configure it.
const PRISTINE_VARIABLES: &[&str] =
    &["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "TZ", "TMPDIR"];

/// Runs a program with secrets in its environment. On Unix the program replaces this process, so it has the signals,
/// the job control and the exit code.
pub fn run(args: &Run) -> Result<(), Failure> {
    let Some((program, arguments)) = args.program.split_first() else {
        return Err(Failure::usage("there is no program", "write the program after --"));
    };
    let secrets = args.resolve.resolve(None)?;
    let is_kept = |name: &OsStr| !args.pristine || is_pristine_variable(name);
    let present = |name: &str| std::env::var_os(name).filter(|_| is_kept(OsStr::new(name)));
    let mut command = Command::new(program);
    command.args(arguments);
    if args.pristine {
        command.env_clear();
        command.envs(std::env::vars_os().filter(|(name, _)| is_pristine_variable(name)));
    }
    for (name, value) in secrets.exports(present)? {
        // Exposed because the user asked to put it into the program's environment.
        command.env(name, value.expose_str()?);
    }
    drop(secrets);
    launch(command, program)
}

fn is_pristine_variable(name: &OsStr) -> bool {
    let locale = name.to_str().is_some_and(|name| name.starts_with("LC_"));
    locale || PRISTINE_VARIABLES.iter().any(|kept| name == *kept)
}

#[cfg(unix)]
fn launch(mut command: Command, program: &OsStr) -> Result<(), Failure> {
    use std::os::unix::process::CommandExt;

    Err(launch_error(program, &command.exec()))
}

#[cfg(not(unix))]
fn launch(mut command: Command, program: &OsStr) -> Result<(), Failure> {
    let status = command.status().map_err(|error| launch_error(program, &error))?;
    std::process::exit(status.code().unwrap_or(1))
}

fn launch_error(program: &OsStr, error: &std::io::Error) -> Failure {
    let (reason, code) = match error.kind() {
        IoKind::NotFound => ("there is no such program".to_owned(), 127),
        IoKind::PermissionDenied => ("it may not be executed".to_owned(), 126),
        kind => (kind.to_string(), 126),
    };
    Failure::Program { message: format!("{}: {reason}", program.to_string_lossy()), code }
}
