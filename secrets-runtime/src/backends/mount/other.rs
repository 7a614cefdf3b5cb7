use std::{
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
};

/// The folder of mounted secrets, on systems that cannot confine a path to a folder: links are followed by
/// name, and what was opened is compared with what was checked to be inside.
pub(super) struct Root {
    folder: PathBuf,
}

/// What is below the folder.
pub(super) struct Handle {
    /// From the folder.
    path: PathBuf,
    real: PathBuf,
    kind: fs::FileType,
}

impl Root {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        fs::metadata(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Finds what has this name below `base` (or the folder itself), links followed.
    ///
    /// # Errors
    /// `CrossesDevices` if a link leads out of the folder.
    pub(super) fn find(&self, base: Option<&Handle>, name: &Path) -> io::Result<Handle> {
        let path = below(base, name);
        let real = self.confined(&path)?;
        let kind = fs::metadata(&real)?.file_type();
        Ok(Handle { path, real, kind })
    }

    /// Opens the regular file that has this name, as [`Root::find`] finds it.
    pub(super) fn open_file(&self, base: Option<&Handle>, name: &Path) -> io::Result<fs::File> {
        let path = below(base, name);
        let file = open(&self.confined(&path)?)?;
        let data = file.metadata()?;
        if !data.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        if !is_at(&data, &self.confined(&path)?)? {
            return Err(io::ErrorKind::StaleNetworkFileHandle.into());
        }
        Ok(file)
    }

    /// The names in a folder.
    pub(super) fn names(&self, folder: &Handle) -> io::Result<Vec<OsString>> {
        fs::read_dir(&folder.real)?.map(|entry| Ok(entry?.file_name())).collect()
    }

    /// Returns the target of a link; `None` if it is not a link.
    pub(super) fn link(&self, folder: &Handle, name: &OsStr) -> io::Result<Option<PathBuf>> {
        let path = folder.real.join(name);
        if fs::symlink_metadata(&path)?.is_symlink() {
            fs::read_link(path).map(Some)
        } else {
            Ok(None)
        }
    }

    fn confined(&self, path: &Path) -> io::Result<PathBuf> {
        let folder = fs::canonicalize(&self.folder)?;
        let real = fs::canonicalize(self.folder.join(path))?;
        if real.starts_with(folder) { Ok(real) } else { Err(io::ErrorKind::CrossesDevices.into()) }
    }
}

impl Handle {
    pub(super) fn is_file(&self) -> bool {
        self.kind.is_file()
    }

    pub(super) fn is_folder(&self) -> bool {
        self.kind.is_dir()
    }

    /// Whether both are one file or folder.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.real == other.real
    }
}

fn below(base: Option<&Handle>, name: &Path) -> PathBuf {
    base.map_or_else(|| name.to_owned(), |base| base.path.join(name))
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<fs::File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;

    // If it has become a pipe, opening it must not wait for a writer.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    fs::OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<fs::File> {
    fs::File::open(path)
}

/// Whether this is what the path leads to.
#[cfg(unix)]
fn is_at(data: &fs::Metadata, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let there = fs::metadata(path)?;
    Ok((data.dev(), data.ino()) == (there.dev(), there.ino()))
}

/// Whether this may be what the path leads to: the standard library cannot tell files apart here.
#[cfg(not(unix))]
fn is_at(data: &fs::Metadata, path: &Path) -> io::Result<bool> {
    let there = fs::metadata(path)?;
    Ok(data.len() == there.len() && data.modified()? == there.modified()?)
}
