//! Why a command fails.

use secrets_runtime::{Error, ErrorKind, Problem};

/// The reason why a command ends without success.
#[derive(Debug)]
pub enum Failure {
    /// The command line is wrong.
    Usage { message: String, help: Option<String> },
    /// What `clap` reports about the command line; its help and its version are reported in this way too.
    Clap(clap::Error),
    /// An error of a secret, a backend or a setting.
    Secrets(Error),
    /// The program of `run` could not be started. `code` is the exit code that `env` would have.
    Program { message: String, code: u8 },
    /// The reader of standard output closed it.
    BrokenPipe,
    /// Ctrl-C or a signal at a prompt, before anything was written.
    Interrupted,
}

impl Failure {
    pub fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), help: Some(help.into()) }
    }

    /// Creates a failure about a secret, a field or a file, which `origin` names.
    pub fn about(
        origin: &str,
        kind: ErrorKind,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::Secrets(error_about(origin, kind, message, help))
    }
}

/// Creates an error about a secret, a field or a file, which `origin` names. It can be joined with others.
pub fn error_about(
    origin: &str,
    kind: ErrorKind,
    message: impl Into<String>,
    help: impl Into<String>,
) -> Error {
    Error::new(kind, message).with_help(help).about(origin, None)
}

/// Returns an error of reading a configuration, with `origin` for the configuration, such as the name of its file.
pub fn rename_origin(error: &Error, origin: &str) -> Error {
    let about = |problem: &Problem| {
        let (message, help) = (problem.message(), problem.help().unwrap_or_default());
        let origin = match problem.origin() {
            "" | "the configuration" => origin.to_owned(),
            place => format!("{origin}, {place}"),
        };
        error_about(&origin, problem.kind(), message, help)
    };
    Error::join(error.problems().iter().map(about))
        .unwrap_or_else(|| error.clone().about(origin, None))
}

/// Fails with all of these errors at once, if there are any.
pub fn fail_on_any(errors: Vec<Error>) -> Result<(), Failure> {
    match Error::join(errors) {
        None => Ok(()),
        Some(error) => Err(Failure::Secrets(error)),
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Secrets(error)
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Self::Clap(error)
    }
}
