use std::{
    ffi::{OsStr, OsString},
    fs, io,
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
    path::{Component, Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, ResolveFlags, fstat, openat, openat2, statat},
    io::Errno,
};

/// The folder of mounted secrets, held by a handle from which all else is reached.
///
/// The kernel follows links and refuses one that leaves the folder in the same call that opens what it leads to
/// (`openat2`, `RESOLVE_BENEATH`), so there is no moment between a check and its use.
pub(super) struct Root {
    folder: PathBuf,
    handle: OwnedFd,
}

/// What is below the folder, held by a handle that neither reads it nor asks for the right to.
pub(super) struct Handle {
    /// From the folder.
    path: PathBuf,
    handle: OwnedFd,
    kind: FileType,
    id: (u64, u64),
}

/// To hold something. A pipe or a device is not touched by it.
const HANDLE: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

/// To read a file. If it has become a pipe, opening it must not wait for a writer.
const READ: OFlags =
    OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NOCTTY).union(OFlags::NONBLOCK);

impl Root {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let handle = openat(CWD, folder, HANDLE | OFlags::DIRECTORY, Mode::empty())?;
        Ok(Self { folder: folder.to_owned(), handle })
    }

    /// Finds what has this name below `base` (or the folder itself), links followed.
    ///
    /// # Errors
    /// `CrossesDevices` if a link leads out of the folder.
    pub(super) fn find(&self, base: Option<&Handle>, name: &Path) -> io::Result<Handle> {
        let handle = self.reach(base, name, HANDLE)?;
        let data = fstat(&handle)?;
        let kind = FileType::from_raw_mode(data.st_mode);
        #[allow(clippy::unnecessary_cast, reason = "the types differ between architectures")]
        let id = (data.st_dev as u64, data.st_ino as u64);
        Ok(Handle { path: below(base, name), handle, kind, id })
    }

    /// Opens the regular file that has this name, as [`Root::find`] finds it.
    pub(super) fn open_file(&self, base: Option<&Handle>, name: &Path) -> io::Result<fs::File> {
        let file = fs::File::from(self.reach(base, name, READ)?);
        // Asked of what was opened: the name may have another meaning by now.
        if file.metadata()?.is_file() { Ok(file) } else { Err(Errno::NXIO.into()) }
    }

    /// The names in a folder.
    pub(super) fn names(&self, folder: &Handle) -> io::Result<Vec<OsString>> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::DIRECTORY;
        let handle = openat(&folder.handle, ".", flags, Mode::empty())?;
        let mut names = Vec::new();
        for entry in Dir::new(handle)? {
            let name = entry?;
            let name = OsStr::from_bytes(name.file_name().to_bytes());
            if name != "." && name != ".." {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// Returns the target of a link; `None` if it is not a link.
    pub(super) fn link(&self, folder: &Handle, name: &OsStr) -> io::Result<Option<PathBuf>> {
        let data = statat(&folder.handle, name, AtFlags::SYMLINK_NOFOLLOW)?;
        if FileType::from_raw_mode(data.st_mode) != FileType::Symlink {
            return Ok(None);
        }
        let target = rustix::fs::readlinkat(&folder.handle, name, Vec::new())?;
        Ok(Some(PathBuf::from(OsStr::from_bytes(target.to_bytes()))))
    }

    fn reach(&self, base: Option<&Handle>, name: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let from = base.map_or(&self.handle, |base| &base.handle);
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        match openat2(from, name, flags, Mode::empty(), resolve) {
            // The first three: a link that leads out of `base`, or an absolute one, wherever it ends; a link of
            // `/proc`; a `..` while something was renamed. The others: a kernel before 5.6, and containers that
            // do not know the call.
            Err(Errno::XDEV | Errno::LOOP | Errno::AGAIN | Errno::NOSYS | Errno::PERM) => {
                self.walk(&below(base, name), flags)
            }
            reached => Ok(reached?),
        }
    }

    /// Where the kernel cannot say that a link stays inside: follows the links by name, then goes from the
    /// folder to where they end one step at a time and follows none. Nothing outside is opened; what is swapped
    /// in between is a stale handle.
    fn walk(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let real = fs::canonicalize(self.folder.join(path))?;
        let Ok(inside) = real.strip_prefix(fs::canonicalize(&self.folder)?) else {
            return Err(io::ErrorKind::CrossesDevices.into());
        };
        let steps: Vec<_> = inside.components().map(Component::as_os_str).collect();
        let (last, folders) =
            steps.split_last().map_or((OsStr::new("."), &[][..]), |(l, f)| (*l, f));
        let step = |at: &OwnedFd, name: &OsStr, flags| {
            openat(at, name, flags | OFlags::NOFOLLOW, Mode::empty()).map_err(|errno| match errno {
                Errno::NOENT | Errno::NOTDIR | Errno::LOOP => Errno::STALE,
                errno => errno,
            })
        };
        let mut at = None;
        for name in folders {
            at = Some(step(at.as_ref().unwrap_or(&self.handle), name, HANDLE | OFlags::DIRECTORY)?);
        }
        let reached = step(at.as_ref().unwrap_or(&self.handle), last, flags)?;
        // A link can be held too, and is not what was asked for.
        if FileType::from_raw_mode(fstat(&reached)?.st_mode) == FileType::Symlink {
            return Err(Errno::STALE.into());
        }
        Ok(reached)
    }
}

impl Handle {
    pub(super) fn is_file(&self) -> bool {
        self.kind == FileType::RegularFile
    }

    pub(super) fn is_folder(&self) -> bool {
        self.kind == FileType::Directory
    }

    /// Whether both are one file or folder. As long as it is held no other can be taken for it.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

fn below(base: Option<&Handle>, name: &Path) -> PathBuf {
    base.map_or_else(|| name.to_owned(), |base| base.path.join(name))
}
