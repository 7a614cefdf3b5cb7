use std::{error::Error, fmt};

use secrets_runtime::{Error as SecretsError, ErrorKind};

/// Why a step has failed: the text of its error with its causes, and the kind of our own error among them.
#[derive(Debug, Clone)]
pub struct StepFailure {
    message: String,
    kind: Option<ErrorKind>,
}

impl StepFailure {
    pub(crate) fn new(message: impl Into<String>, kind: Option<ErrorKind>) -> Self {
        Self { message: message.into(), kind }
    }

    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        // A chain that an implementation of `source` has made circular ends here.
        let (mut chain, mut next) = (Vec::new(), Some(error));
        while let Some(error) = next.filter(|_| chain.len() < 32) {
            chain.push(error);
            next = error.source();
        }
        let ours = chain.iter().find_map(|error| error.downcast_ref::<SecretsError>());
        let texts: Vec<String> = chain.iter().map(ToString::to_string).collect();
        Self { message: texts.join("\n  caused by: "), kind: ours.map(SecretsError::kind) }
    }

    /// Sets the kind, unless the error itself has one.
    pub(crate) fn or_kind(self, kind: Option<ErrorKind>) -> Self {
        Self { kind: self.kind.or(kind), ..self }
    }

    /// Returns the exit code of the kind, or 1 for what the body itself has failed with.
    pub(crate) fn exit_code(&self) -> u8 {
        self.kind.map_or(1, ErrorKind::exit_code)
    }
}

impl fmt::Display for StepFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Why a command has failed.
#[derive(Debug)]
pub enum CommandFailure {
    /// The command line, or what it asks for, is wrong: all mistakes.
    Usage(Vec<String>),
    /// A problem with secrets or settings.
    Secrets(SecretsError),
    /// Anything else: what is printed, and the exit code.
    Other(String, u8),
    /// What has failed has said so already.
    Said(u8),
}

impl CommandFailure {
    pub fn usage(mistake: impl Into<String>) -> Self {
        Self::Usage(vec![mistake.into()])
    }

    /// Returns the exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Secrets(error) => error.kind().exit_code(),
            Self::Other(_, code) | Self::Said(code) => *code,
        }
    }
}

impl From<SecretsError> for CommandFailure {
    fn from(error: SecretsError) -> Self {
        Self::Secrets(error)
    }
}

impl fmt::Display for CommandFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(mistakes) => match mistakes.as_slice() {
                [mistake] => f.write_str(mistake),
                mistakes => {
                    write!(f, "{} mistakes:", mistakes.len())?;
                    mistakes.iter().try_for_each(|mistake| write!(f, "\n  - {mistake}"))
                }
            },
            Self::Secrets(error) => error.fmt(f),
            Self::Other(message, _) => f.write_str(message),
            Self::Said(_) => Ok(()),
        }
    }
}
