//! Secrets that change, and a server that takes the newest password only.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use secrets_runtime::{
    Error, ErrorKind, Fetched, SecretValue, current_context, try_current_context,
};

#[derive(Debug, Default)]
struct RotatingSecret {
    version: usize,
    fetches: usize,
    port_is_text: bool,
    is_down: bool,
}

impl RotatingSecret {
    fn password(&self) -> String {
        format!("SeNtInEl-{}", self.version)
    }

    fn answer(&mut self) -> Result<Fetched, Error> {
        self.fetches += 1;
        let port = if self.port_is_text { r#""none""# } else { "5432" };
        match self.is_down {
            true => Err(Error::new(ErrorKind::Unavailable, "it is down")),
            false => Ok(Fetched::json(format!(
                r#"{{"password": "{}", "port": {port}}}"#,
                self.password()
            ))),
        }
    }
}

static SECRETS: Mutex<BTreeMap<String, RotatingSecret>> = Mutex::new(BTreeMap::new());

fn secrets() -> MutexGuard<'static, BTreeMap<String, RotatingSecret>> {
    SECRETS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn with_secret<T>(id: &str, change: impl FnOnce(&mut RotatingSecret) -> T) -> T {
    change(secrets().entry(id.to_owned()).or_default())
}

/// The current content of the secret `rotating/NAME`, which exists for every name: the fields `password` and
/// `port`.
///
/// # Errors
///
/// [`ErrorKind::Unavailable`] if its server has [gone down](Plan::GoesDown).
///
/// # Panics
///
/// If it is called inside a step.
pub fn answer(id: &str) -> Result<Fetched, Error> {
    assert!(try_current_context().is_none(), "a backend is outside of every step");
    with_secret(id, RotatingSecret::answer)
}

/// What happens while the body runs for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Nothing: the server takes the password.
    Nothing,
    /// The password changes, and the server wants the new one.
    Rotates,
    /// The server takes no password.
    Denies,
    /// The password changes, and the server takes none.
    RotatesAndDenies,
    /// The server fails for another reason than the password.
    Breaks,
    /// The server takes none, and the backend is down.
    GoesDown,
    /// The password changes, and the port is no longer a number.
    Spoils,
}

/// Takes the newest password of the secret `id`, unless its plan is another.
#[derive(Debug)]
pub struct PasswordServer {
    id: &'static str,
    plan: Plan,
    runs: AtomicUsize,
}

impl PasswordServer {
    /// A server for this secret, which no other test may use.
    pub fn new(id: &'static str, plan: Plan) -> Self {
        Self { id, plan, runs: AtomicUsize::new(0) }
    }

    /// Logs in with this password; returns which run of the body it was.
    pub fn login(&self, password: &SecretValue) -> Result<usize, Failure> {
        let run = self.runs.fetch_add(1, Ordering::Relaxed) + 1;
        with_secret(self.id, |secret| {
            if run == 1 {
                match self.plan {
                    Plan::Rotates | Plan::RotatesAndDenies => secret.version += 1,
                    Plan::GoesDown => secret.is_down = true,
                    Plan::Spoils => {
                        (secret.version, secret.port_is_text) = (secret.version + 1, true)
                    }
                    Plan::Nothing | Plan::Denies | Plan::Breaks => {}
                }
            }
            match self.plan {
                Plan::Breaks => Err(Failure::Broken { run }),
                Plan::Nothing | Plan::Rotates
                    if password.ct_eq(&SecretValue::from(secret.password())) =>
                {
                    Ok(run)
                }
                _ => Err(Failure::Denied { run }),
            }
        })
    }

    /// Logs in with the password that the running step has.
    pub fn login_of_step(&self) -> Result<usize, Failure> {
        self.login(&current_context().secrets.get(self.id, "password")?)
    }

    /// How often the body ran, and how often its secret was fetched.
    pub fn counts(&self) -> (usize, usize) {
        (self.runs.load(Ordering::Relaxed), with_secret(self.id, |secret| secret.fetches))
    }
}

/// The error of the steps.
#[derive(Debug)]
pub enum Failure {
    /// A secret could not be had.
    Secrets(Error),
    /// The server refused the password.
    Denied {
        /// Which run of the body it was.
        run: usize,
    },
    /// The server failed for another reason.
    Broken {
        /// Which run of the body it was.
        run: usize,
    },
}

impl Failure {
    /// Whether the server refused the password.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Denied { .. })
    }

    /// A word for the failure, and the run in which it arose.
    ///
    /// # Panics
    ///
    /// If it is an error of the secrets.
    #[track_caller]
    pub fn run(&self) -> (&'static str, usize) {
        match self {
            Self::Denied { run } => ("denied", *run),
            Self::Broken { run } => ("broken", *run),
            Self::Secrets(error) => panic!("it is an error of the secrets: {error}"),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Secrets(error)
    }
}
