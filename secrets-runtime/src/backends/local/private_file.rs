use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use zeroize::Zeroizing;

use crate::{
    backends::local::{
        error::{failure, refusal},
        system,
    },
    core::error::Error,
};

/// An open file that nobody but its owner can have read or written.
///
/// What is checked is the open file and not its path, so that it cannot be exchanged in between.
#[derive(Debug)]
pub(super) struct PrivateFile<'a> {
    file: File,
    path: &'a Path,
}

impl<'a> PrivateFile<'a> {
    /// Opens a file of the store; `None` if there is none. A link is refused: the store makes none.
    pub(super) fn open(path: &'a Path) -> Result<Option<Self>, Error> {
        Self::check(path, system::open(path, false))
    }

    /// Opens a file that may be a link, as one that Kubernetes mounts is: what it leads to is checked.
    pub(super) fn open_through_links(path: &'a Path) -> Result<Option<Self>, Error> {
        Self::check(path, system::open(path, true))
    }

    fn check(path: &'a Path, opened: io::Result<File>) -> Result<Option<Self>, Error> {
        let file = match opened {
            Ok(file) => file,
            Err(error) => {
                let is_link = std::fs::symlink_metadata(path).is_ok_and(|it| it.is_symlink());
                return match error.kind() {
                    io::ErrorKind::PermissionDenied => Err(failure("read", path, &error)),
                    io::ErrorKind::NotFound if is_link => {
                        Err(refusal(path, "is a link that leads nowhere", "replace it by the file"))
                    }
                    io::ErrorKind::NotFound => Ok(None),
                    _ if is_link => {
                        Err(refusal(path, "is a link", "replace it by the file that it leads to"))
                    }
                    _ => Err(failure("read", path, &error)),
                };
            }
        };
        let metadata = file.metadata().map_err(|error| failure("read", path, &error))?;
        if !metadata.is_file() {
            return Err(refusal(path, "is not a regular file", "move it away"));
        }
        match system::exposure(&metadata) {
            None => Ok(Some(Self { file, path })),
            Some(it) => Err(refusal(path, &it.reason, &it.remedy)),
        }
    }

    /// Reads at most `limit` bytes: a longer file is cut there.
    pub(super) fn read_up_to(mut self, limit: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
        // As long as it can get from the start: a vector that grows leaves what it held behind.
        let mut bytes = Zeroizing::new(vec![0; limit]);
        let mut length = 0;
        while length < limit {
            match self.file.read(&mut bytes[length..]) {
                Ok(0) => break,
                Ok(count) => length += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failure("read", self.path, &error)),
            }
        }
        bytes.truncate(length);
        Ok(bytes)
    }

    /// Reads the whole file, which is refused if it is longer than `limit`.
    pub(super) fn read(self, limit: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
        let path = self.path;
        let length = self.file.metadata().map_err(|error| failure("read", path, &error))?.len();
        let limited = usize::try_from(length).map_or(limit, |length| length.min(limit));
        let bytes = self.read_up_to(limited + 1)?;
        if bytes.len() > limit {
            let reason = format!("is longer than the {limit} bytes that it can have");
            return Err(refusal(
                path,
                &reason,
                "move it away, or put back the file that was there",
            ));
        }
        Ok(bytes)
    }
}
