//! The files with secrets of a step, for code that reads a path. A file is created when its path is first requested,
//! and removed when the step ends.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::core::{
    error::{Error, ErrorKind},
    secret_value::SecretValue,
};

/// The files of one step.
pub(crate) struct SecretFiles {
    run_dir: RunDirSetting,
    state: Mutex<State>,
}

/// `SECRETS_RUN_DIR`: the parent folder to use where no file system in memory is found.
#[derive(Debug, Clone)]
pub(crate) enum RunDirSetting {
    Known(Option<Arc<Path>>),
    /// Read only when it is needed.
    Lazy(fn() -> Result<Option<PathBuf>, Error>),
}

#[derive(Default)]
struct State {
    ended: bool,
    /// Each value that has a file. Values are compared by identity.
    files: Vec<(SecretValue, SecretFile)>,
}

impl RunDirSetting {
    /// Returns the folder, if one is set.
    ///
    /// # Errors
    /// Every problem of the settings, if they are read only now.
    pub(crate) fn path(&self) -> Result<Option<PathBuf>, Error> {
        match self {
            Self::Known(path) => Ok(path.as_deref().map(Path::to_path_buf)),
            Self::Lazy(read) => read(),
        }
    }
}

impl SecretFiles {
    pub(crate) fn new(run_dir: RunDirSetting) -> Self {
        Self { run_dir, state: Mutex::default() }
    }

    /// Returns the path of the file that contains `value`, and creates the file if there is none yet.
    ///
    /// # Errors
    /// [`ErrorKind::NoContext`] after the step has ended, and the reason if the file cannot be created.
    pub(crate) fn path_of(&self, value: &SecretValue) -> Result<PathBuf, Error> {
        let mut state = self.lock();
        if state.ended {
            return Err(Error::new(
                ErrorKind::NoContext,
                "the step has ended, and its files with it",
            )
            .with_help(
                "ask for the file in the body of the step, and use it while the step runs",
            ));
        }
        if let Some((_, file)) = state.files.iter().find(|(known, _)| known.is_same_as(value)) {
            return Ok(file.path().to_owned());
        }
        let file = SecretFile::make(value, &self.run_dir)?;
        let path = file.path().to_owned();
        state.files.push((value.clone(), file));
        Ok(path)
    }

    /// Keeps the files for the program that replaces this process.
    ///
    /// # Errors
    /// [`ErrorKind::Other`] if the system refuses to keep them.
    pub(crate) fn keep_for_exec(&self) -> Result<(), Error> {
        self.lock().files.iter().try_for_each(|(_, file)| file.keep_for_exec())
    }

    /// Removes the files. No more can be created.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        let files = std::mem::take(&mut state.files);
        drop(state);
        drop(files);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(unix)]
use on_unix::SecretFile;

#[cfg(unix)]
mod on_unix {
    use std::{
        fs::Permissions,
        io::{self, Write},
        os::unix::fs::PermissionsExt,
        path::{Path, PathBuf},
        sync::Arc,
    };

    use super::RunDirSetting;
    use crate::{
        context::run_dir::{RunDir, random_name},
        core::{
            error::{Error, ErrorKind},
            secret_value::SecretValue,
            warning::warn,
        },
    };

    /// A file that contains a secret. It is removed when this is dropped.
    pub(super) struct SecretFile {
        path: PathBuf,
        name: String,
        /// Kept and locked as long as the file exists.
        folder: Arc<RunDir>,
    }

    impl SecretFile {
        pub(super) fn make(value: &SecretValue, run_dir: &RunDirSetting) -> Result<Self, Error> {
            let folder = RunDir::current(|| run_dir.path())?;
            let failed = |error: io::Error| {
                let folder = folder.path().display();
                Error::new(
                    ErrorKind::Other,
                    format!("a file in {folder} cannot be written: {error}"),
                )
                .with_cause(error)
            };
            let name = random_name().map_err(failed)?;
            let mut opened = folder.create(&name).map_err(failed)?;
            // From here on a failure removes the file.
            let path = folder.path().join(&name);
            let file = Self { path, name, folder: folder.clone() };
            // The process's umask may have taken rights from the owner.
            opened.set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
            // The step asked for this value in a file.
            opened.write_all(value.expose_bytes()).map_err(failed)?;
            Ok(file)
        }

        pub(super) fn path(&self) -> &Path {
            &self.path
        }

        pub(super) fn keep_for_exec(&self) -> Result<(), Error> {
            self.folder.keep_locked_on_exec().map_err(|error| {
                let folder = self.folder.path().display();
                let message = format!("the folder {folder} cannot be kept for a program: {error}");
                Error::new(ErrorKind::Other, message).with_cause(error)
            })
        }
    }

    impl Drop for SecretFile {
        fn drop(&mut self) {
            // A file of the parent process is kept until the parent's step ends.
            if !self.folder.is_own() {
                return;
            }
            if let Err(error) = self.folder.remove(&self.name)
                && error.kind() != io::ErrorKind::NotFound
            {
                warn(&format!("the file {} cannot be removed: {error}", self.path.display()));
            }
        }
    }
}

/// Platforms without file modes get no files, since other users could read them.
#[cfg(not(unix))]
enum SecretFile {}

#[cfg(not(unix))]
impl SecretFile {
    fn make(_value: &SecretValue, _run_dir: &RunDirSetting) -> Result<Self, Error> {
        Err(Error::new(ErrorKind::NotSupported, "this platform has no files in memory")
            .with_help("read the secret with `get(group, key)`"))
    }

    fn path(&self) -> &std::path::Path {
        match *self {}
    }

    fn keep_for_exec(&self) -> Result<(), Error> {
        match *self {}
    }
}
