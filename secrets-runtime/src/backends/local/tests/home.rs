//! A store in a folder that is gone when the test ends, and what is done with it.

use std::{
    fs,
    path::{Path, PathBuf},
    pin::pin,
    process::Command,
    task::{Context, Poll, Waker},
};

use tempfile::TempDir;

use crate::{
    backend::{
        Backend, content::Content, fetch_request::FetchRequest, payload::Payload, store::Store,
    },
    backends::local::{Local, file_name::FileName},
    core::{
        error::{Error, ErrorKind},
        secret_value::SecretValue,
    },
};
use secrets_spec::Options;

/// A store and its key in a temporary folder.
pub(super) struct Home {
    folder: TempDir,
}

impl Home {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// Creates a home in memory, where syncing costs nothing: for tests with thousands of writes.
    pub(super) fn in_memory() -> Self {
        match TempDir::new_in("/dev/shm") {
            Ok(folder) => Self { folder },
            Err(_) => Self::new(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn dir(&self) -> PathBuf {
        self.path().join("data/store")
    }

    pub(super) fn key_file(&self) -> PathBuf {
        self.path().join("config/key.jwk")
    }

    pub(super) fn store(&self) -> Local {
        Local::new(self.dir(), self.key_file())
    }

    pub(super) fn current(&self, name: &str) -> PathBuf {
        self.dir().join(FileName::of(name).current())
    }

    pub(super) fn previous(&self, name: &str) -> PathBuf {
        self.dir().join(FileName::of(name).previous())
    }

    /// The names of the files in the store, sorted, without the lock's.
    pub(super) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir()).expect("the store's folder");
        let name = |entry: std::io::Result<fs::DirEntry>| {
            entry.expect("an entry").file_name().into_string().expect("a name")
        };
        let mut names: Vec<_> = entries.map(name).filter(|name| name != ".lock").collect();
        names.sort();
        names
    }

    /// This test program again, as `role` of `child.rs`, on this store.
    pub(super) fn child(&self, role: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command
            .args(["--exact", "backends::local::tests::child::child", "--nocapture"])
            .env("SECRETS_TEST_ROLE", role)
            .env("SECRETS_TEST_HOME", self.path());
        command
    }

    /// The home of the test that started this process.
    pub(super) fn store_of_parent() -> Local {
        let path = PathBuf::from(std::env::var_os("SECRETS_TEST_HOME").expect("the parent's home"));
        Local::new(path.join("data/store"), path.join("config/key.jwk"))
    }
}

/// The store never waits, so one poll is enough.
pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the store's future waits"),
    }
}

pub(super) fn put(store: &Local, name: &str, text: &str) -> Result<String, Error> {
    run(store.put(name, Payload::Text(text.into())))
}

/// What a fetch returns, as kind and text.
pub(super) fn fetch(
    store: &Local,
    request: FetchRequest<'_>,
) -> Result<(Kind, SecretValue), Error> {
    let fetched = run(store.fetch(&[request])).remove(0)?;
    Ok(match fetched.content {
        Content::Text(value) => (Kind::Text, value),
        Content::Json(value) => (Kind::Json, value),
        Content::Binary(value) => (Kind::Binary, value),
        Content::Fields(_) => panic!("the store gives no fields"),
    })
}

pub(super) fn get(store: &Local, name: &str) -> Result<String, Error> {
    get_with(store, name, &Options::default())
}

pub(super) fn get_previous(store: &Local, name: &str) -> Result<String, Error> {
    get_with(store, name, &version(None, Some("AWSPREVIOUS")))
}

/// The options that ask for a version.
pub(super) fn version(id: Option<&str>, stage: Option<&str>) -> Options {
    let mut options = Options::default();
    options.version_id = id.map(Into::into);
    options.version_stage = stage.map(Into::into);
    options
}

pub(super) fn get_with(store: &Local, name: &str, options: &Options) -> Result<String, Error> {
    let (_, value) = fetch(store, FetchRequest::new(name, options))?;
    Ok(value.expose_str()?.to_owned())
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Json,
    Binary,
}

/// The error of a result that must be one: of this kind, naming `named`, and without a value.
pub(super) fn refused<T>(result: Result<T, Error>, kind: ErrorKind, named: &Path) -> Error {
    let Err(error) = result else { panic!("it is not refused: {}", named.display()) };
    assert_eq!(error.kind(), kind, "{error}");
    let text = error.to_string();
    assert!(text.contains(&named.display().to_string()), "{text}");
    assert!(!text.contains("SeNtInEl"), "an error shows a value");
    error
}

/// Says that a test could not run here.
pub(super) fn skip(why: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "skipped: {why}");
}

/// Whether this process may do anything to any file, as root may.
pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
