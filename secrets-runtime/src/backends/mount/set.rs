//! A folder as a set: one field a file, all of one version.

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
};

#[cfg(target_os = "linux")]
use crate::backends::mount::linux::{Handle, Root};
#[cfg(not(target_os = "linux"))]
use crate::backends::mount::other::{Handle, Root};
use crate::{
    backends::mount::{
        folder::MountFolder,
        io::{ATTEMPTS, is_absence, is_passing, read_value},
    },
    core::{
        error::{Error, ErrorKind},
        escape,
        secret_value::SecretValue,
    },
};

/// More files than this are no set of secrets: they would be read, and held in memory, at every step.
const MAX_FILES: usize = 1_000;

/// The link to the version of a volume that is current. Kubernetes, and the CSI driver, put each version into a
/// folder of its own, replace this link by a rename, and then remove the folder of the version before.
const CURRENT: &str = "..data";

pub(super) type SetFields = Vec<(String, SecretValue)>;

/// The files of a folder whose names start with `prefix`, sorted. It is read again if it changed meanwhile.
pub(super) fn read(mount: &MountFolder, folder: &Path, prefix: &str) -> Result<SetFields, Error> {
    let mut attempts = 1;
    loop {
        match Version::open(mount, folder).and_then(|version| version.read(prefix)) {
            Ok(fields) => return Ok(fields),
            Err(SetFailure::Passing(_)) if attempts < ATTEMPTS => attempts += 1,
            Err(SetFailure::Passing(error) | SetFailure::Lasting(error)) => return Err(error),
        }
    }
}

#[derive(Debug)]
pub(super) enum SetFailure {
    /// What a volume that is being replaced looks like: it is read again.
    Passing(Error),
    Lasting(Error),
}

impl SetFailure {
    fn of(error: &io::Error, shown: Error) -> Self {
        if is_passing(error) { Self::Passing(shown) } else { Self::Lasting(shown) }
    }
}

/// A folder as it is at one moment. The handles keep its identity: what is opened again is the same version, or
/// another one.
pub(super) struct Version<'a> {
    mount: &'a MountFolder,
    /// From the mount's folder.
    path: &'a Path,
    root: Root,
    folder: Handle,
    /// Where [`CURRENT`] leads, if there is one.
    current: Option<Handle>,
}

impl<'a> Version<'a> {
    pub(super) fn open(mount: &'a MountFolder, path: &'a Path) -> Result<Self, SetFailure> {
        let failed = |error: io::Error| SetFailure::of(&error, mount.failed(&error, path));
        let root = Root::open(&mount.path).map_err(failed)?;
        let folder = root.find(None, path).map_err(failed)?;
        let current = match root.link(&folder, OsStr::new(CURRENT)) {
            Err(error) if is_absence(&error) => None,
            Err(error) => return Err(failed(error)),
            Ok(_) => {
                let found = root.find(Some(&folder), Path::new(CURRENT));
                Some(found.map_err(|error| entry_failed(mount, &error, &path.join(CURRENT)))?)
            }
        };
        let current = current.filter(Handle::is_folder);
        Ok(Self { mount, path, root, folder, current })
    }

    pub(super) fn read(&self, prefix: &str) -> Result<SetFields, SetFailure> {
        let mut fields = Vec::new();
        for name in self.names()? {
            let shown = name.to_string_lossy();
            // The folders of the versions, and the links to them.
            if shown.starts_with("..") || !shown.starts_with(prefix) {
                continue;
            }
            let Some(name) = name.to_str() else {
                let message =
                    format!("the file name `{}` is not UTF-8", escape::escape_name(&shown));
                return Err(SetFailure::Lasting(
                    Error::new(ErrorKind::Undecodable, message)
                        .with_help("rename the file: its name is the name of a field"),
                ));
            };
            let path = self.path.join(name);
            let failed = |error: io::Error| entry_failed(self.mount, &error, &path);
            let (base, place) = self.place(name).map_err(failed)?;
            let found = self.root.find(Some(base), &place).map_err(failed)?;
            if found.is_folder() {
                continue;
            }
            if !found.is_file() {
                return Err(SetFailure::Lasting(self.mount.not_a_file(&path)));
            }
            if fields.len() == MAX_FILES {
                return Err(self.too_many());
            }
            let file = self.root.open_file(Some(base), &place).map_err(failed)?;
            let value = read_value(file).map_err(failed)?;
            fields.push((name[prefix.len()..].to_owned(), value));
        }
        // Whatever was removed or replaced while it was read, the link was replaced before.
        if self.is(&Self::open(self.mount, self.path)?) { Ok(fields) } else { Err(self.changed()) }
    }

    /// All names, sorted. What the current version has counts before there is a link to it.
    fn names(&self) -> Result<BTreeSet<OsString>, SetFailure> {
        let mut names = BTreeSet::new();
        for folder in [Some(&self.folder), self.current.as_ref()].into_iter().flatten() {
            let failed = |error: io::Error| entry_failed(self.mount, &error, self.path);
            names.extend(self.root.names(folder).map_err(failed)?);
        }
        Ok(names)
    }

    /// Where an entry is to be read: a link through [`CURRENT`] in the version that is held, whichever that link
    /// leads to by now.
    fn place(&self, name: &str) -> io::Result<(&Handle, PathBuf)> {
        let as_it_is = (&self.folder, PathBuf::from(name));
        let Some(current) = &self.current else { return Ok(as_it_is) };
        match self.root.link(&self.folder, OsStr::new(name)) {
            Ok(Some(target)) => Ok(match target.strip_prefix(CURRENT) {
                Ok(inside) if inside != Path::new("") => (current, inside.to_owned()),
                _ => as_it_is,
            }),
            Ok(None) => Ok(as_it_is),
            Err(error) if is_absence(&error) => Ok((current, PathBuf::from(name))),
            Err(error) => Err(error),
        }
    }

    fn is(&self, other: &Self) -> bool {
        let same_current = match (&self.current, &other.current) {
            (Some(one), Some(other)) => one.is(other),
            (one, other) => one.is_none() && other.is_none(),
        };
        self.folder.is(&other.folder) && same_current
    }

    fn changed(&self) -> SetFailure {
        let folder = self.mount.path.join(self.path);
        let message =
            format!("{} changed while it was read, {ATTEMPTS} times in a row", folder.display());
        let help = "try again once whatever replaces its files has finished";
        SetFailure::Passing(Error::new(ErrorKind::Unavailable, message).with_help(help))
    }

    fn too_many(&self) -> SetFailure {
        let folder = self.mount.path.join(self.path);
        let message = format!("{} has more than {MAX_FILES} files", folder.display());
        let help = "name the file that is wanted, or a folder that has only those of one secret";
        SetFailure::Lasting(Error::new(ErrorKind::InvalidValue, message).with_help(help))
    }
}

/// Why an entry that was listed cannot be read. That it is not there does not mean that the set is not.
fn entry_failed(mount: &MountFolder, error: &io::Error, path: &Path) -> SetFailure {
    if !is_absence(error) {
        return SetFailure::of(error, mount.failed(error, path));
    }
    let message = format!(
        "{} is listed and is not there: it is a link to nothing, or was removed meanwhile",
        mount.path.join(path).display()
    );
    let help = "remove the link, or put a file where it leads";
    SetFailure::Passing(Error::new(ErrorKind::Unavailable, message).with_help(help))
}
