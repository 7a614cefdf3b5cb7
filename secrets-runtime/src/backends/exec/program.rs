//! One program: its check before each call, its arguments, and what its end means.

use std::{
    fmt, io,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Command, ExitStatus},
};

use crate::{
    backend::{Fetched, MAX_VALUE_BYTES},
    backends::exec::{
        environment,
        reason::Reason,
        run::{Output, RunError, run},
    },
    core::{
        error::{Error, ErrorKind},
        escape::escape_name,
        secret_value::SecretValue,
    },
    permissions::{self, permission_problem::PermissionProblem},
    settings::backends::exec::{ExecSettings, PLACEHOLDER},
};

/// A program that prints secrets.
pub(super) struct ExecProgram {
    settings: ExecSettings,
}

impl ExecProgram {
    pub(super) fn new(settings: ExecSettings) -> Self {
        Self { settings }
    }

    pub(super) fn settings(&self) -> &ExecSettings {
        &self.settings
    }

    /// Checks that only the user and root can have written the program, and that it can be run.
    pub(super) fn check(&self) -> Result<(), Error> {
        let path = Path::new(&self.settings.program);
        permissions::check_program(path).map_err(|doubt| {
            let place = &self.settings.place;
            match doubt {
                PermissionProblem::Exposed { message, help } => {
                    let message = format!("{self} is not run: {message}");
                    Error::new(ErrorKind::InvalidConfig, message)
                        .with_help(format!("{help}; {place} names the program"))
                }
                PermissionProblem::Unreadable { path, error } => {
                    let help = match error.kind() {
                        io::ErrorKind::NotFound => {
                            format!("install it, or correct the path in {place}")
                        }
                        _ => format!("correct its rights, or the path in {place}"),
                    };
                    let message = format!("{self} cannot be run: {}: {error}", path.display());
                    Error::new(ErrorKind::InvalidConfig, message).with_help(help).with_cause(error)
                }
            }
        })
    }

    /// Has the program print a secret, which is a JSON object if the request or the table says so.
    pub(super) async fn print(&self, id: &str, is_object: bool) -> Result<Fetched, Error> {
        // At each call: it may have been replaced since the last one.
        self.check()?;
        let arguments: Vec<String> = self.arguments(id).collect();
        let variables = environment::variables(&self.settings.env);
        let mut command = Command::new(&self.settings.program);
        // The working directory may be somebody else's, with a configuration of the program.
        command.args(&arguments).env_clear().envs(variables).current_dir("/");
        let with_id = self.arguments(id).zip(&self.settings.arguments);
        let with_id = with_id.filter(|(_, written)| written.contains(PLACEHOLDER));
        let with_id: Vec<String> = with_id.map(|(argument, _)| argument).collect();
        let reason = Reason::new(&self.settings.env, id, &with_id);
        match run(command, self.settings.timeout).await {
            Ok(output) if output.status.success() => self.fetched(output, id, is_object),
            Ok(output) if self.is_not_found(output.status) => {
                let message = format!("{self} has no such secret");
                let Output { printed, error_output, .. } = output;
                let error = reason.error(ErrorKind::NotFound, message, &error_output, &printed);
                Err(error.with_help(self.help(id)))
            }
            Ok(Output { status, printed, error_output }) => {
                let message = format!("{self} {}", describe(status));
                let error = reason.error(ErrorKind::Unavailable, message, &error_output, &printed);
                Err(error.with_help(self.help(id)))
            }
            Err(RunError::TimedOut { printed, error_output }) => {
                let seconds = self.settings.timeout.as_secs_f32();
                let message = format!("{self} did not end within {seconds} s, and was ended");
                let help = format!(
                    "it may wait for an answer: unlock it first; or set a longer timeout in {}",
                    self.settings.place
                );
                let error = reason.error(ErrorKind::Timeout, message, &error_output, &printed);
                Err(error.with_help(help))
            }
            Err(RunError::TooLong) => Err(self.too_long()),
            Err(RunError::NotStarted(error)) => Err(self.not_started(error)),
            Err(RunError::EndNotSeen(error)) => {
                let message = format!(
                    "{self} has ended, but its exit status is not known: this process ignores SIGCHLD, or waits for any child"
                );
                let help = "do not ignore SIGCHLD (`trap '' CHLD` in the script that starts this process), and wait \
                            only for the children that the waiting code has started";
                Err(Error::new(ErrorKind::Unavailable, message).with_help(help).with_cause(error))
            }
            Err(RunError::IoFailed(error)) => {
                let message = format!("the output of {self} cannot be read");
                Err(Error::new(ErrorKind::Unavailable, message).with_cause(error))
            }
        }
    }

    fn fetched(&self, output: Output, id: &str, is_object: bool) -> Result<Fetched, Error> {
        let mut printed = output.printed;
        // Bytes that are not text stay as they are.
        if std::str::from_utf8(&printed).is_ok() && printed.last() == Some(&b'\n') {
            printed.pop();
            if printed.last() == Some(&b'\r') {
                printed.pop();
            }
        }
        if printed.len() > MAX_VALUE_BYTES {
            return Err(self.too_long());
        }
        // A copy, since the buffer is as long as the longest value. It is wiped.
        let value = SecretValue::from(printed.to_vec());
        let fetched = match (is_object || self.settings.is_json, value.is_text()) {
            (true, _) => Fetched::json(value),
            (false, true) => Fetched::text(value),
            (false, false) => Fetched::binary(value),
        };
        Ok(fetched.with_name(id))
    }

    fn arguments(&self, id: &str) -> impl Iterator<Item = String> {
        self.settings.arguments.iter().map(move |argument| argument.replace(PLACEHOLDER, id))
    }

    fn is_not_found(&self, status: ExitStatus) -> bool {
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        code.is_some_and(|code| self.settings.not_found.contains(&code))
    }

    fn too_long(&self) -> Error {
        let message =
            format!("{self} prints more than the {MAX_VALUE_BYTES} bytes that a value may have");
        Error::new(ErrorKind::InvalidValue, message)
            .with_help("check that it prints the secret alone")
    }

    fn not_started(&self, error: io::Error) -> Error {
        use io::ErrorKind::{NotFound, PermissionDenied};

        let no_format = rustix::io::Errno::NOEXEC.raw_os_error();
        let (kind, help) = match error.kind() {
            // The file is there: so its interpreter is not.
            NotFound => {
                (ErrorKind::InvalidConfig, "check the interpreter that its first line names")
            }
            PermissionDenied => (ErrorKind::InvalidConfig, "give the user the right to run it"),
            _ if error.raw_os_error() == Some(no_format) => {
                (ErrorKind::InvalidConfig, "a script begins with a line such as #!/bin/sh")
            }
            _ => (ErrorKind::Unavailable, "try again"),
        };
        let message = format!("{self} cannot be started: {error}");
        Error::new(kind, message).with_help(help).with_cause(error)
    }

    fn help(&self, id: &str) -> String {
        let id = escape_name(id);
        format!(
            "check the id `{id}`, and that you are logged in; {} has the command",
            self.settings.place
        )
    }
}

impl fmt::Display for ExecProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the program {}", self.settings.program)
    }
}

/// Returns how a program has ended.
fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with the code {code}"),
        (None, Some(signal)) => format!("was ended by the signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}
