use secrets_runtime::{Error, ErrorKind};

/// Why a command ends without success.
#[derive(Debug)]
pub enum Failure {
    /// The command line is wrong.
    Usage { message: String, help: Option<String> },
    /// What `clap` says of the command line; also its help and its version, which are no mistakes.
    Clap(clap::Error),
    /// A secret, a backend or a setting.
    Secrets(Error),
    /// The program of `run`: the exit code that `env` would give.
    Program { message: String, code: u8 },
    /// The reader of standard output is gone: nobody is left to tell.
    ReaderGone,
    /// Ctrl-C at a prompt, or a signal there: nothing was written.
    Interrupted,
}

impl Failure {
    pub fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), help: Some(help.into()) }
    }

    /// An error about the secret, the field or the file `origin`.
    pub fn about(
        origin: &str,
        kind: ErrorKind,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::Secrets(problem(origin, kind, message, help))
    }
}

/// The same before it is known whether it comes alone.
pub fn problem(
    origin: &str,
    kind: ErrorKind,
    message: impl Into<String>,
    help: impl Into<String>,
) -> Error {
    Error::new(kind, message).with_help(help).about(origin, None)
}

/// All of them at once, if there are any.
pub fn all(problems: Vec<Error>) -> Result<(), Failure> {
    match Error::join(problems) {
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
