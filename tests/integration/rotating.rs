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
struct Kept {
    version: usize,
    fetches: usize,
    spoilt: bool,
    is_down: bool,
}

impl Kept {
    fn password(&self) -> String {
        format!("SeNtInEl-{}", self.version)
    }

    fn answer(&mut self) -> Result<Fetched, Error> {
        self.fetches += 1;
        let port = if self.spoilt { r#""none""# } else { "5432" };
        match self.is_down {
            true => Err(Error::new(ErrorKind::Unavailable, "it is down")),
            false => Ok(Fetched::json(format!(
                r#"{{"password": "{}", "port": {port}}}"#,
                self.password()
            ))),
        }
    }
}

static SHELF: Mutex<BTreeMap<String, Kept>> = Mutex::new(BTreeMap::new());

fn shelf() -> MutexGuard<'static, BTreeMap<String, Kept>> {
    SHELF.lock().unwrap_or_else(PoisonError::into_inner)
}

fn with_kept<T>(id: &str, change: impl FnOnce(&mut Kept) -> T) -> T {
    change(shelf().entry(id.to_owned()).or_default())
}

/// The secret `rotating/NAME`, which is there for every name: its fields are `password` and `port`.
pub fn answer(id: &str) -> Result<Fetched, Error> {
    assert!(try_current_context().is_none(), "a backend is outside of every step");
    with_kept(id, Kept::answer)
}

/// What happens while the body runs for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    Nothing,
    /// The password changes, and the server wants the new one.
    Rotates,
    /// The server takes no password.
    Denies,
    /// The password changes, and the server takes none.
    RotatesAndDenies,
    /// It fails for a reason that no password is to blame for.
    Breaks,
    /// The server takes none, and the backend cannot be asked any more.
    GoesDown,
    /// The password changes, and the port is no number any more.
    Spoils,
}

/// Takes the newest password of the secret `id`, unless its plan is another.
#[derive(Debug)]
pub struct Server {
    id: &'static str,
    plan: Plan,
    runs: AtomicUsize,
}

impl Server {
    /// The id is for this test alone.
    pub fn new(id: &'static str, plan: Plan) -> Self {
        Self { id, plan, runs: AtomicUsize::new(0) }
    }

    /// What the body of a step does with its password.
    pub fn login(&self, password: &SecretValue) -> Result<usize, Failure> {
        let run = self.runs.fetch_add(1, Ordering::Relaxed) + 1;
        with_kept(self.id, |kept| {
            if run == 1 {
                match self.plan {
                    Plan::Rotates | Plan::RotatesAndDenies => kept.version += 1,
                    Plan::GoesDown => kept.is_down = true,
                    Plan::Spoils => (kept.version, kept.spoilt) = (kept.version + 1, true),
                    Plan::Nothing | Plan::Denies | Plan::Breaks => {}
                }
            }
            match self.plan {
                Plan::Breaks => Err(Failure::Broken { run }),
                Plan::Nothing | Plan::Rotates
                    if password.ct_eq(&SecretValue::from(kept.password())) =>
                {
                    Ok(run)
                }
                _ => Err(Failure::Denied { run }),
            }
        })
    }

    /// The same with the password that the step has.
    pub fn login_of_step(&self) -> Result<usize, Failure> {
        self.login(&current_context().secrets.get(self.id, "password")?)
    }

    /// How often the body ran, and how often its secret was fetched.
    pub fn counts(&self) -> (usize, usize) {
        (self.runs.load(Ordering::Relaxed), with_kept(self.id, |kept| kept.fetches))
    }
}

/// The error of the steps.
#[derive(Debug)]
pub enum Failure {
    Secrets(Error),
    Denied { run: usize },
    Broken { run: usize },
}

impl Failure {
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Denied { .. })
    }

    /// What kind it is, and in which run it arose.
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
