use std::{
    ffi::OsString,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{failure::failure, key::Key, lock::Lock, private_file::PrivateFile, system};
use crate::{Error, ErrorKind};

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
    pub(super) fn load(&self) -> Result<Option<Key>, Error> {
        let Some(file) = PrivateFile::open_through_links(&self.path)? else {
            return Ok(None);
        };
        let key = Key::from_jwk(&file.read(MAX_BYTES)?).map_err(|reason| {
            let message = format!("the key file {} {reason}", self.path.display());
            Error::new(ErrorKind::InvalidConfig, message).with_help(
                "put back the copy of it that you kept; it is a JSON Web Key with `kty` oct, `alg` A256GCM \
                 and a `k` of 32 bytes",
            )
        })?;
        Ok(Some(key))
    }

    /// Reads the key, and makes it if there is none: whoever comes first, all who come at once get the same.
    /// Tells whether this call made it.
    pub(super) fn load_or_make(&self) -> Result<(Key, bool), Error> {
        let mut made = false;
        // Once more for each maker that was faster, and there are never many.
        for _ in 0..1000 {
            if let Some(key) = self.load()? {
                // What a maker that was killed left behind; one that is alive finds the key there.
                let _ = fs::remove_file(self.draft_path());
                return Ok((key, made));
            }
            made = self.make().map_err(|error| failure("make the key file", &self.path, &error))?;
        }
        let message =
            format!("the key file {} vanishes as soon as it is made", self.path.display());
        Err(Error::new(ErrorKind::Unavailable, message))
    }

    /// Tells whether the key that is there now is the one that was made here.
    ///
    /// The key is written to a draft beside it and linked to its name, so that it appears whole or not at all
    /// and never replaces another. Makers work one after another, under a lock on the draft.
    fn make(&self) -> io::Result<bool> {
        let draft_path = self.draft_path();
        let folder = folder_of(&self.path);
        system::create_folder(folder)?;
        let mut lock = Lock::wait(&draft_path)?;
        let draft = lock.file();
        if !system::is_at(draft, &draft_path)? || fs::exists(&self.path)? {
            // Another maker was done while this one waited.
            return Ok(false);
        }
        if let Some(it) = system::exposure(&draft.metadata()?) {
            // Planted, or its mode was changed: whoever can open it would get the key.
            return Err(io::Error::other(format!("{} {}", draft_path.display(), it.reason)));
        }
        let jwk = Key::new_jwk().map_err(io::Error::other)?;
        draft.set_len(0)?;
        let made = (|| {
            draft.write_all(jwk.as_bytes())?;
            draft.sync_all()?;
            match fs::hard_link(&draft_path, &self.path) {
                Ok(()) => Ok(true),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
                // A file system without links. All makers are under the lock, so nothing is replaced.
                Err(_) => fs::rename(&draft_path, &self.path).map(|()| true),
            }
        })();
        let _ = fs::remove_file(&draft_path);
        let made = made?;
        system::sync_folder(folder)?;
        Ok(made)
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
