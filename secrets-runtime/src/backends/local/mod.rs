//! The embedded encrypted store: one file for each secret, on this machine, without a server or an account.

mod error;
mod file_name;
mod folder;
mod header;
mod journal;
mod jwe;
mod key;
mod key_file;
mod listing;
mod lock;
mod private_file;
mod probe;
mod random;
mod read;
mod stored;
mod system;
#[cfg(all(test, unix))]
mod tests;
mod write;

use std::{
    fmt,
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    backend::{
        Backend, BoxFuture, Fetched, capabilities::Capabilities, change::SecretChange,
        fetch_request::FetchRequest, generation::WriteGuard, identity::Identity, payload::Payload,
        probe::Probe, store::Store,
    },
    backends::local::{folder::StoreFolder, key_file::KeyFile},
    core::error::{Error, ErrorKind},
};

/// The backend's type.
const KIND: &str = "local";
/// How long a writer waits for another one, without a setting.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The backend `local`: the embedded encrypted store.
///
/// Each secret is one file in one folder: a JWE in compact form (RFC 7516, `dir` with `A256GCM`) that any
/// JOSE tool opens with the key. Its protected header holds exactly `alg`, `enc`, `kid` (that of the key), `cty`
/// (`json`, `text` or `binary`), `secret` (the name) and `version` (a random UUID of each write). The key is a JSON Web Key in a
/// file of its own, apart from the folder. It is created when the first secret is written, and a notice says so:
/// **if the key is lost, the secrets are lost.**
///
/// The store guarantees:
/// - A file that is cut, altered or exchanged with that of another secret is an error that names it, never a wrong
///   value.
/// - Folder, files and key belong to one user. If other users may read or write any of them, the store refuses to
///   work. It also refuses a key in a folder that others may write to, and a path to the key with a link in such a
///   folder (on a read-only file system only the owner matters). It does not check the folders above: choose a place
///   where no other user can replace them.
/// - A write is complete or has no effect, also after `kill -9`, a full disk or a loss of power. Where the disk fails
///   at the very end, after the write is done, the error says so.
/// - [`Store::update`] carries out all of its changes or none, and of two changes at the same time none is lost.
///   Writers wait for one another, up to `SECRETS_TIMEOUT`; readers never wait.
/// - A key that opens none of the secrets in the store writes nothing there.
/// - The version before the last write is kept: `version_stage = "AWSPREVIOUS"`.
/// - The time to read a secret does not depend on the number of secrets: a read does not list the folder. A listing
///   does: it keeps the names of all files in memory, and opens and authenticates the files one by one.
///
/// It does not detect an *older file of one secret* that is put back, does not hide names of secrets and lengths of
/// values from a user who can read the folder, and does not wipe a deleted or replaced file from the disk.
///
/// A request with a group and a key asks for the field `key` of the JSON secret `group`; a plain value has no
/// fields, so such a request for it is `KeyNotFound`. A group alone, or a key alone, is the name of a secret
/// and means the whole value.
///
/// A name is any text of 1 to 512 bytes without control characters, a value at most 65,536 bytes.
///
/// ```
/// use secrets_runtime::{Error, Payload, Store, backends::Local};
///
/// # async fn example() -> Result<(), Error> {
/// let store = Local::new("/srv/app/secrets", "/etc/app/key.jwk");
/// let version = store.put("db", Payload::Json(r#"{"user": "app", "password": "x"}"#.into())).await?;
/// assert_eq!(store.versions("db").await?, [version]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Local {
    folder: StoreFolder,
    key_file: KeyFile,
    timeout: Duration,
}

impl Local {
    /// Creates the backend of the store in the folder `dir`, whose key is in `key_file`. Nothing is touched before
    /// the first use, and neither the folder nor the key is created before the first write.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>, key_file: impl Into<PathBuf>) -> Self {
        let (folder, key_file) = (StoreFolder::new(dir.into()), KeyFile::new(key_file.into()));
        Self { folder, key_file, timeout: TIMEOUT }
    }

    /// Sets how long a write waits while another program writes: 30 seconds by default, and `SECRETS_TIMEOUT` in a
    /// resolver. After a second a warning says what it waits for.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The folder of the secrets.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// The file of the key.
    #[must_use]
    pub fn key_file(&self) -> &Path {
        self.key_file.path()
    }

    fn lost_key(&self) -> Error {
        let message = format!(
            "the key file {} is missing, and {self} holds secrets that only its key opens",
            self.key_file().display()
        );
        Error::new(ErrorKind::InvalidConfig, message).with_help(format!(
            "put back the copy of it that you kept, or set SECRETS_LOCAL_KEY_FILE to where it is; without it \
             the secrets are lost: to start again with a new store, move {} away",
            self.dir().display()
        ))
    }
}

impl Backend for Local {
    fn kind(&self) -> &str {
        KIND
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new().uses_role(false).needs_tokio(false)
    }

    fn identity(&self, request: &FetchRequest<'_>) -> Identity {
        Identity::without_options(request)
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async move {
            self.folder.sweep_if_idle();
            let mut key = None;
            requests.iter().map(|request| self.fetch_one(request, &mut key)).collect()
        })
    }

    /// By the header of the file: neither the key nor a value is read.
    fn exists<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<bool, Error>>> {
        Box::pin(async move {
            let found = |request| match self.find(request) {
                Ok(_) => Ok(true),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
                Err(error) => Err(error),
            };
            requests.iter().map(found).collect()
        })
    }

    /// Reads every secret.
    fn probe(&self) -> BoxFuture<'_, Probe> {
        Box::pin(self.probe_all())
    }

    fn as_store(&self) -> Option<&dyn Store> {
        Some(self)
    }
}

impl Store for Local {
    /// Creates or overwrites a secret; its current version becomes the previous one. The new version is a random UUID.
    ///
    /// # Errors
    /// `InvalidSource` for a name that cannot be, `InvalidValue` for a value that is too long, `Undecodable`
    /// for text that is not UTF-8 and for JSON that is not an object, `InvalidConfig` for a store, file or key
    /// that others may read and for a lost key, `DecryptionFailed` if what is there does not open with the
    /// key, or nothing in the store does, `Timeout` if another program writes all the time, `AccessDenied` and
    /// `Unavailable` for what the file system says. If a write fails, nothing is changed, unless the message says otherwise.
    fn put<'a>(&'a self, id: &'a str, payload: Payload) -> BoxFuture<'a, Result<String, Error>> {
        Box::pin(async move {
            let _writing = WriteGuard::to(KIND, id);
            self.put_now(id, &payload)
        })
    }

    /// Creates a secret, if there is none with this name: of several that do so at the same time, one succeeds.
    fn create<'a>(&'a self, id: &'a str, payload: Payload) -> BoxFuture<'a, Result<String, Error>> {
        Box::pin(async move {
            let created =
                self.update(vec![SecretChange::Create { id: id.to_owned(), payload }]).await?;
            let version = created.into_iter().flatten().next();
            version.ok_or_else(|| Error::new(ErrorKind::Other, "the new secret has no version"))
        })
    }

    /// Carries out all changes or none, as one writer: nobody else writes between what it reads and what it changes.
    ///
    /// # Errors
    /// Those of [`Store::update`] and of [`put`](Store::put). They report every change that cannot be made.
    fn update(
        &self,
        changes: Vec<SecretChange>,
    ) -> BoxFuture<'_, Result<Vec<Option<String>>, Error>> {
        Box::pin(async move {
            let ids = changes.iter().flat_map(SecretChange::ids);
            let _writing: Vec<_> = ids.map(|id| WriteGuard::to(KIND, id)).collect();
            self.update_now(&changes)
        })
    }

    /// Deletes a secret with its previous version, whether or not they can be read.
    fn delete<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            let _writing = WriteGuard::to(KIND, id);
            self.delete_now(id)
        })
    }

    /// The names of all secrets, sorted. Each file is read and authenticated. Without the key, and with that of another
    /// store, the names are those that the files say.
    ///
    /// # Errors
    /// `InvalidConfig` and `DecryptionFailed` if files are cut or altered, or if the key opens some files and not
    /// others, with each of these files; [`list_each`](Store::list_each) passes the other names nevertheless.
    /// `InvalidConfig` for a folder that others may read, `AccessDenied` and `Unavailable` for what the file system says.
    fn list(&self) -> BoxFuture<'_, Result<Vec<String>, Error>> {
        Box::pin(async move {
            self.folder.sweep_if_idle();
            self.list_now()
        })
    }

    /// Passes each name as soon as its file is read. Only the names of the files are in memory meanwhile.
    ///
    /// The order is that of the file names: by the first 40 of the characters `a-z`, `0-9`, `_` and `-` of the
    /// lower-cased name, and where these are equal by the SHA-256 of the name. So the same names always come in
    /// the same order, and names of up to 40 such characters, in lower case, come sorted.
    ///
    /// # Errors
    /// Those of [`Store::list`]. Files that are cut or altered are reported after the last name, other errors before the
    /// first.
    fn list_each<'a>(
        &'a self,
        each: &'a mut (dyn FnMut(String) -> ControlFlow<()> + Send),
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            self.folder.sweep_if_idle();
            self.list_each_now(each)
        })
    }

    /// The current and the previous version. They are read from the files' headers, without the key.
    ///
    /// # Errors
    /// `NotFound` if there is no such secret, and what a fetch fails with.
    fn versions<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>> {
        Box::pin(async move { self.versions_now(id) })
    }

    /// The current version, read from the file's header, without the key.
    fn version<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<String>, Error>> {
        Box::pin(async move {
            let version = match self.versions_now(id) {
                Ok(versions) => versions.into_iter().next(),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            Ok(version)
        })
    }
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the local store in {}", self.dir().display())
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    let Some(flaw) = secrets_spec::check_id(Some(KIND), name) else {
        return Ok(());
    };
    let flaw = flaw.explain(name);
    let error = Error::new(ErrorKind::InvalidSource, flaw.message());
    Err(match flaw.help() {
        Some(help) => error.with_help(help),
        None => error,
    })
}
