use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    backends::local::{
        error::{failure, refusal},
        key::StoreKey,
        lock::Lock,
        private_file::PrivateFile,
        system,
    },
    core::error::{Error, ErrorKind},
    permissions::{self, permission_problem::PermissionProblem},
};

/// A JWK with what other tools may add to it is far shorter.
const MAX_BYTES: usize = 16 * 1024;

/// The file that holds the key.
#[derive(Debug)]
pub(super) struct KeyFile {
    path: PathBuf,
}

impl KeyFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the key; `None` if there is no file.
    pub(super) fn load(&self) -> Result<Option<StoreKey>, Error> {
        let Some(file) = PrivateFile::open_through_links(&self.path)? else {
            return Ok(None);
        };
        self.check_folder()?;
        let key = StoreKey::from_jwk(&file.read(MAX_BYTES)?).map_err(|reason| {
            let message = format!("the key file {} {reason}", self.path.display());
            Error::new(ErrorKind::InvalidConfig, message).with_help(
                "put back the copy of it that you kept; it is a JSON Web Key with `kty` oct, `alg` A256GCM \
                 and a `k` of 32 bytes",
            )
        })?;
        Ok(Some(key))
    }

    /// Reads the key, and creates it if it does not exist. All callers that do so at one time get one key.
    /// Returns whether this call created it. Waits at most this long for another maker.
    pub(super) fn load_or_make(&self, timeout: Duration) -> Result<(StoreKey, bool), Error> {
        let mut made = false;
        // Once more for each maker that was faster, and there are never many.
        for _ in 0..1000 {
            if let Some(key) = self.load()? {
                // What a maker that was killed left behind; one that is alive finds the key there.
                let _ = fs::remove_file(self.draft_path());
                return Ok((key, made));
            }
            made = self.make(timeout)?;
        }
        let message =
            format!("the key file {} vanishes as soon as it is made", self.path.display());
        Err(Error::new(ErrorKind::Unavailable, message))
    }

    /// Returns whether the key that is there now is the one that this process created.
    ///
    /// The key is written to a draft beside it and linked to its name, so that it appears whole or not at all
    /// and never replaces another. Makers work one after another, under a lock on the draft.
    fn make(&self, timeout: Duration) -> Result<bool, Error> {
        let fail = |error: io::Error| failure("make the key file", &self.path, &error);
        system::create_folder(folder_of(&self.path)).map_err(fail)?;
        self.check_folder()?;
        let draft_path = self.draft_path();
        let mut lock = Lock::wait(&draft_path, timeout)?;
        if fs::exists(&self.path).map_err(fail)? {
            // Another maker was done while this one waited.
            return Ok(false);
        }
        let draft = lock.file();
        if !system::has_one_name(&draft.metadata().map_err(fail)?) {
            // Without a key that it could be linked to, it is some other file, which must not be lost.
            return Err(refusal(
                &draft_path,
                "is another file too (a hard link), and the new key would be written over it",
                "remove this name of it",
            ));
        }
        let jwk = StoreKey::new_jwk()?;
        let made = self.write(draft, &draft_path, jwk.as_bytes());
        let _ = fs::remove_file(&draft_path);
        let made = made.map_err(fail)?;
        system::sync_folder(folder_of(&self.path)).map_err(fail)?;
        Ok(made)
    }

    fn write(&self, draft: &mut File, draft_path: &Path, jwk: &[u8]) -> io::Result<bool> {
        draft.set_len(0)?;
        draft.write_all(jwk)?;
        system::sync_file(draft)?;
        match fs::hard_link(draft_path, &self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            // A file system without links. All makers are under the lock, so nothing is replaced.
            Err(_) => fs::rename(draft_path, &self.path).map(|()| true),
        }
    }

    /// Refuses a folder in which somebody else could exchange the key, or plant its draft. That others may
    /// read it does no harm: what they find there is closed to them.
    fn check_folder(&self) -> Result<(), Error> {
        permissions::check_folders(&self.path).map_err(|doubt| match doubt {
            PermissionProblem::Unreadable { path, error } => failure("look at", &path, &error),
            PermissionProblem::Exposed { message, help } => refusal(
                &self.path,
                &format!("is the key file, and somebody else could exchange it: {message}"),
                &format!(
                    "{help}; or keep the key in a folder of your own, and set SECRETS_LOCAL_KEY_FILE to it"
                ),
            ),
        })
    }

    fn draft_path(&self) -> PathBuf {
        let mut name = OsString::from(".");
        name.push(self.path.file_name().unwrap_or_default());
        name.push(".draft");
        self.path.with_file_name(name)
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
