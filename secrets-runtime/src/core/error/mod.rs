mod convert;
#[cfg(test)]
mod tests;
mod text;

use std::{
    error::Error as StdError,
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
    sync::Arc,
};

use crate::core::{escape, help_code::HelpCode};

type Cause = Arc<dyn StdError + Send + Sync>;

/// Why a step could not start, or a secret could not be read: every problem at once, each with the source it
/// is about, the place that was looked in, and what to do.
///
/// No value of a secret is ever in it. `{:?}` is the same text as `Display`, so that a `main` that returns it is
/// readable; `{:#?}` shows the kinds and the other parts by name.
///
/// ```
/// use secrets_runtime::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::NotFound, "there is no such secret in the vault")
///     .with_help("create it with `vault put`");
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// assert_eq!(error.problems()[0].help(), Some("create it with `vault put`"));
/// assert!(!error.is_transient());
/// ```
///
/// A backend that finds several problems returns them in one error:
///
/// ```
/// use secrets_runtime::{Error, ErrorKind, Problem};
///
/// let missing = ["user", "password"].map(|field| {
///     Problem::new(ErrorKind::KeyNotFound, format!("the entry has no {field}"))
///         .with_help("add it with `vault edit`")
/// });
/// let error = Error::join(missing).expect("there are two");
/// assert_eq!(error.problems().len(), 2);
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    step: Option<String>,
    problems: Vec<Problem>,
}

impl Error {
    /// Creates an error of one problem. The resolver adds the source and the backend. The message must hold no
    /// value of a secret.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::from_problems(vec![Problem::new(kind, message)])
    }

    /// Sets what to do about it, for every problem. Where they differ, use [`Problem::with_help`].
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        let help = help.into();
        self.map(|problem| problem.with_help(help.as_str()))
    }

    /// Sets the error that caused it, for every problem. Where they differ, use [`Problem::with_cause`]. The
    /// cause's text must hold no value of a secret.
    #[must_use]
    pub fn with_cause(self, cause: impl StdError + Send + Sync + 'static) -> Self {
        let cause: Cause = Arc::new(cause);
        self.map(|problem| Problem { cause: Some(cause.clone()), ..problem })
    }

    /// Returns the kind of the first problem, in the order in which sources and requests are declared.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.problems.first().map_or(ErrorKind::Other, Problem::kind)
    }

    /// Returns every problem, in the order in which sources and requests are declared.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.0.problems
    }

    /// Returns the step that could not start, or whose body asked for a secret.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        self.0.step.as_deref()
    }

    /// Whether trying again later may help: every problem is a backend that throttles, is slow or cannot be reached.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        !self.0.problems.is_empty() && self.0.problems.iter().all(|p| p.kind.is_transient())
    }

    /// Returns whether the backend has said that there is no such value, or that it may not be had.
    pub(crate) fn is_refusal(&self) -> bool {
        use ErrorKind::{AccessDenied, DecryptionFailed, Deleted, NotFound, RoleDenied};
        matches!(self.kind(), NotFound | Deleted | AccessDenied | RoleDenied | DecryptionFailed)
    }

    /// Adds the end of a sentence to the message of every problem.
    pub(crate) fn append(self, text: &str) -> Self {
        self.map(|problem| Problem { message: format!("{}{text}", problem.message), ..problem })
    }

    pub(crate) fn from_problems(problems: Vec<Problem>) -> Self {
        Self(Arc::new(Inner { step: None, problems }))
    }

    pub(crate) fn in_step(self, step: Option<&str>) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.0);
        inner.step = inner.step.or_else(|| step.map(str::to_owned));
        Self(Arc::new(inner))
    }

    /// Joins errors, or problems, into one error with every problem in order. Returns `None` if there are none.
    ///
    /// ```
    /// use secrets_runtime::{Error, ErrorKind};
    ///
    /// let errors = ["a", "b"].map(|id| Error::new(ErrorKind::NotFound, "it is not there").about(id, None));
    /// let error = Error::join(errors).expect("there are two");
    /// assert_eq!(error.problems()[1].origin(), "b");
    /// ```
    pub fn join<E: Into<Self>>(errors: impl IntoIterator<Item = E>) -> Option<Self> {
        let mut joined: Option<Inner> = None;
        for error in errors {
            let inner = Arc::unwrap_or_clone(error.into().0);
            match &mut joined {
                None => joined = Some(inner),
                Some(first) => first.problems.extend(inner.problems),
            }
        }
        joined.map(|inner| Self(Arc::new(inner)))
    }

    /// Sets the source and the backend of every problem that has none yet.
    #[must_use]
    pub fn about(self, origin: &str, backend: Option<&str>) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.0);
        for problem in &mut inner.problems {
            if problem.origin.is_empty() {
                problem.origin = escape::escape_controls(origin.to_owned());
            }
            problem.backend = problem.backend.take().or_else(|| backend.map(Box::from));
        }
        Self(Arc::new(inner))
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        Arc::unwrap_or_clone(self.0).problems
    }

    fn map(self, change: impl FnMut(Problem) -> Problem) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.0);
        inner.problems = inner.problems.into_iter().map(change).collect();
        Self(Arc::new(inner))
    }
}

// A wrong `?` in a step would point at this conversion.
#[diagnostic::do_not_recommend]
impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::from_problems(vec![problem])
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let cause = self.0.problems.first()?.cause.as_ref()?;
        Some(cause.as_ref())
    }
}

/// One thing that is wrong.
///
/// As JSON it is `{"kind": "NotFound", "source": "prod-db", "backend": "env", "message": "..", "help": ".."}`,
/// where `source` is the [`origin`](Self::origin), and `backend` and `help` may be `null`. No value of a secret
/// is in it.
///
/// ```
/// use secrets_runtime::{ErrorKind, Problem};
///
/// let problem = Problem::new(ErrorKind::NotFound, "there is no such entry")
///     .with_origin("prod-db")
///     .with_backend("my-vault")
///     .with_help("create it with `vault put`");
/// assert_eq!((problem.origin(), problem.backend()), ("prod-db", Some("my-vault")));
/// ```
#[derive(Clone)]
pub struct Problem {
    kind: ErrorKind,
    origin: String,
    backend: Option<Box<str>>,
    message: String,
    help: Option<String>,
    help_code: Option<Box<HelpCode>>,
    cause: Option<Cause>,
}

// The cause is only ever shown; nothing is left half done in it by a panic elsewhere.
impl UnwindSafe for Problem {}
impl RefUnwindSafe for Problem {}

impl Problem {
    /// Creates a problem. The message must hold no value of a secret.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let (origin, message) = (String::new(), escape::escape_controls(message.into()));
        Self { kind, origin, backend: None, message, help: None, help_code: None, cause: None }
    }

    /// Sets the source or request that it is about. The resolver sets it for a backend's problem that has none.
    #[must_use]
    pub fn with_origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = escape::escape_controls(origin.into());
        self
    }

    /// Sets the type of the backend that was asked. The resolver sets it for a backend's problem that has none.
    #[must_use]
    pub fn with_backend(self, backend: impl Into<String>) -> Self {
        let backend = backend.into();
        self.in_backend(Some(&backend))
    }

    pub(crate) fn in_backend(mut self, backend: Option<&str>) -> Self {
        self.backend = backend.map(|backend| escape::escape_controls(backend.to_owned()).into());
        self
    }

    /// Writes where the problem is before its message.
    pub(crate) fn at(mut self, place: impl fmt::Display) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// Sets what to do about it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(escape::escape_controls(help.into()));
        self.help_code = None;
        self
    }

    /// Sets what to do about it, where a command line says it in other words than a program.
    pub(crate) fn with_help_code(mut self, code: HelpCode) -> Self {
        self = self.with_help(code.for_program());
        self.help_code = Some(Box::new(code));
        self
    }

    /// Adds words to the end of the message.
    pub(crate) fn with_suffix(mut self, suffix: &str) -> Self {
        self.message = escape::escape_controls(format!("{} {suffix}", self.message));
        self
    }

    /// Sets the error that caused it. Its text must hold no value of a secret.
    #[must_use]
    pub fn with_cause(mut self, cause: impl StdError + Send + Sync + 'static) -> Self {
        self.cause = Some(Arc::new(cause));
        self
    }

    /// Returns what kind of problem it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns the source or request as it is written, or the name that was asked for; empty if it is about none.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the type of the backend that was asked.
    #[must_use]
    pub fn backend(&self) -> Option<&str> {
        self.backend.as_deref()
    }

    /// Returns what is wrong, and where it was looked for.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Returns what [`help`](Self::help) means, where a command line says it in other words.
    #[doc(hidden)]
    #[must_use]
    pub fn help_code(&self) -> Option<&HelpCode> {
        self.help_code.as_deref()
    }
}

macro_rules! kinds {
    ($( $(#[$doc:meta])* $name:ident, )*) => {
        /// What kind of problem an [`Error`] is about.
        ///
        /// Its text is its name: `"NotFound".parse()` is [`ErrorKind::NotFound`]. Kinds can be sorted, but their order
        /// has no meaning, and may change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ErrorKind { $( $(#[$doc])* $name, )* }

        impl ErrorKind {
            const ALL: &'static [Self] = &[ $( Self::$name, )* ];

            /// Returns the kind's name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$name => stringify!($name), )* }
            }
        }
    };
}

kinds! {
    /// There is no such secret.
    NotFound,
    /// The secret has no such field.
    KeyNotFound,
    /// The secret is scheduled for deletion.
    Deleted,
    /// The step did not declare it.
    NotRequested,
    /// The backend does not permit it.
    AccessDenied,
    /// What a step returned contained one of its secrets, or could not be searched completely for them.
    Leaked,
    /// The role could not be assumed.
    RoleDenied,
    /// The manager's key cannot be used, or a file of the store does not authenticate.
    DecryptionFailed,
    /// A source, a request, a role or a template does not parse.
    InvalidSource,
    /// A name cannot be an environment variable, leads out of its folder, or is taken.
    InvalidName,
    /// A value has a NUL in it, is too long, or is our own mask.
    InvalidValue,
    /// The payload cannot be decoded, or the value is not of the type asked for.
    Undecodable,
    /// Two fields, or a field and the environment, have one variable.
    Collision,
    /// More than one candidate matches.
    Ambiguous,
    /// The secret was changed after it was read, so a change that was made from what was read is refused.
    Conflict,
    /// A setting is wrong, a backend is unknown, or a store's key or file is not what it must be.
    InvalidConfig,
    /// The backend asks for fewer requests.
    Throttled,
    /// The backend did not answer in time.
    Timeout,
    /// The backend cannot be reached, or fails.
    Unavailable,
    /// There is no step whose secrets could be read.
    NoContext,
    /// This build, platform or backend cannot do it.
    NotSupported,
    /// Anything else.
    Other,
}

impl ErrorKind {
    /// Whether trying again later may help.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Throttled | Self::Timeout | Self::Unavailable)
    }

    /// Returns the exit code of a program that fails with this kind, as the command `secrets` has it: 3 if
    /// something is missing, 4 if it is refused, 5 if something is wrong, 6 if a later attempt may pass, else 1.
    ///
    /// ```
    /// # use secrets_runtime::ErrorKind;
    /// assert_eq!(ErrorKind::NotFound.exit_code(), 3);
    /// ```
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::NotFound | Self::KeyNotFound | Self::Deleted | Self::NotRequested => 3,
            Self::AccessDenied | Self::Leaked | Self::RoleDenied | Self::DecryptionFailed => 4,
            Self::InvalidSource
            | Self::InvalidName
            | Self::InvalidValue
            | Self::Undecodable
            | Self::Collision
            | Self::Ambiguous
            | Self::Conflict
            | Self::InvalidConfig => 5,
            Self::Throttled | Self::Timeout | Self::Unavailable => 6,
            Self::NoContext | Self::NotSupported | Self::Other => 1,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
