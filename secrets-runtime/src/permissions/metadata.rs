use std::{
    fs::{self, File, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::Path,
};

#[cfg(feature = "exec")]
use rustix::fs::FileType;
use rustix::{
    fs::{StatVfs, StatVfsMountFlags},
    process::geteuid,
};
use secrets_spec::shell_word;

use crate::permissions::{accounts::Accounts, permission_problem::PermissionProblem};

const ROOT: u32 = 0;

/// The owner and the rights of a file or folder.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileFacts {
    pub(super) owner: u32,
    pub(super) group: u32,
    pub(super) mode: u32,
    pub(super) read_only: bool,
}

impl FileFacts {
    pub(super) fn of_file(file: &File) -> io::Result<Self> {
        Ok(Self::of(&file.metadata()?, rustix::fs::fstatvfs(file)))
    }

    /// Reads those of a folder, or of a program, which need not be readable.
    pub(super) fn of_path(path: &Path) -> io::Result<Self> {
        Ok(Self::of(&fs::metadata(path)?, rustix::fs::statvfs(path)))
    }

    #[cfg(feature = "exec")]
    pub(super) fn is_file(&self) -> bool {
        FileType::from_raw_mode(self.mode) == FileType::RegularFile
    }

    fn of(metadata: &Metadata, mount: rustix::io::Result<StatVfs>) -> Self {
        Self {
            owner: metadata.uid(),
            group: metadata.gid(),
            mode: metadata.mode(),
            read_only: mount.is_ok_and(|it| it.f_flag.contains(StatVfsMountFlags::RDONLY)),
        }
    }

    /// Checks that only the user of this process and root can have written it.
    pub(super) fn check(&self, path: &Path) -> Result<(), PermissionProblem> {
        self.check_for(geteuid().as_raw(), path, &Accounts::of_the_system)
    }

    /// Checks that only the user of this process and root can replace what is in a folder and theirs. In one with the sticky
    /// bit, such as `/tmp`, others can write, and cannot replace it.
    #[cfg(feature = "exec")]
    pub(super) fn check_above(&self, path: &Path) -> Result<(), PermissionProblem> {
        let is_sticky = self.mode & 0o1000 != 0;
        let mode = if is_sticky { self.mode & !0o022 } else { self.mode };
        Self { mode, ..*self }.check(path)
    }

    /// Checks that only the user of this process, root and `other` can have written it.
    pub(super) fn check_beside(&self, other: u32, path: &Path) -> Result<(), PermissionProblem> {
        let owner = if self.owner == other { other } else { geteuid().as_raw() };
        self.check_for(owner, path, &Accounts::of_the_system)
    }

    pub(super) fn check_for(
        &self,
        me: u32,
        path: &Path,
        accounts: &dyn Fn() -> Accounts,
    ) -> Result<(), PermissionProblem> {
        let word = shell_word(&path.to_string_lossy());
        let path = path.display();
        let exposed = |message, help| Err(PermissionProblem::Exposed { message, help });
        if self.owner != me && self.owner != ROOT {
            let message = format!("{path} belongs to another user (id {})", self.owner);
            let help = format!(
                "run as that user (in a container: `docker run --user {}`), or, if it is to be trusted: chown {me} {word}",
                self.owner
            );
            return exposed(message, help);
        }
        if self.read_only {
            return Ok(());
        }
        if self.mode & 0o002 != 0 {
            return exposed(format!("everybody may write to {path}"), format!("chmod o-w {word}"));
        }
        if self.mode & 0o020 != 0 && !accounts().is_private(self.owner, self.group) {
            let message = format!("the group {} may write to {path}", self.group);
            return exposed(message, format!("chmod g-w {word}"));
        }
        Ok(())
    }
}
