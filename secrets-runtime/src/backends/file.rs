use std::{fmt, path::PathBuf};

use secrets_spec::{BuiltIn, check_id};

use crate::{
    backend::{
        Backend, BoxFuture, Fetched, capabilities::Capabilities, fetch_request::FetchRequest,
        identity::Identity, one_by_one::one_by_one, probe::Probe,
    },
    backends::mount::{Mount, MountEntry, refused},
    core::error::{Error, ErrorKind},
};

/// Secrets that are mounted as files: Kubernetes volumes, CSI drivers, systemd credentials, Docker secrets.
///
/// A source's id is a path below the folder: a file is one plain value, a folder is a set with one field for each
/// file, at most 1,000. A request's path is `group/key`. Nothing outside the folder is read: no `..`,
/// no absolute path, no link that leads out, whatever is swapped meanwhile. Links that end inside are followed,
/// absolute ones too.
///
/// The line break at the end of a one-line text is removed. A text of several lines, such as a PEM or an OpenSSH key,
/// stays as it is, and so does what is not UTF-8, which is bytes. [`Secrets::file`](crate::Secrets::file) has the bytes
/// as they are mounted.
///
/// The fields of a set are of one version of a volume: one that Kubernetes replaces meanwhile is read again. An
/// entry that is a link to nothing makes the set [`ErrorKind::Unavailable`], not absent.
#[derive(Debug, Clone)]
pub struct File {
    mount: Mount,
}

impl File {
    /// Creates the backend of the files below `folder`.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { mount: Mount::new(folder.into(), "SECRETS_FILE_DIR") }
    }

    fn fetch_one(&self, request: &FetchRequest<'_>) -> Result<Fetched, Error> {
        let name = name(request)?;
        let fetched = match self.mount.find(&name)? {
            None => return Err(self.mount.missing(&self.mount.path(&name))),
            Some(MountEntry::File(file)) => self.mount.plain(&file)?,
            Some(MountEntry::Folder(_)) if request.key().is_some() => {
                let message = format!("{} is a folder", self.mount.path(&name).display());
                return Err(Error::new(ErrorKind::NotFound, message).with_help(
                    "a request names a file: its group is the folder, its key the file",
                ));
            }
            Some(MountEntry::Folder(folder)) => self.mount.set(&folder, "")?,
        };
        Ok(fetched.with_name(name))
    }
}

/// Returns the path below the folder.
fn name(request: &FetchRequest<'_>) -> Result<String, Error> {
    let parts = [Some(request.id()), request.key()];
    let parts: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    let name = parts.join("/");
    match check_id(Some(BuiltIn::File.name()), &name) {
        Some(flaw) => Err(refused(flaw, &name)),
        None => Ok(name),
    }
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the folder {}", self.mount.folder().display())
    }
}

impl Backend for File {
    fn kind(&self) -> &str {
        BuiltIn::File.name()
    }

    /// Read at every step.
    fn capabilities(&self) -> Capabilities {
        Capabilities::new().uses_role(false).cached(false).needs_tokio(false)
    }

    fn identity(&self, request: &FetchRequest<'_>) -> Identity {
        Identity::without_options(request)
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        one_by_one(requests, |request| self.fetch_one(request))
    }

    fn exists<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<bool, Error>>> {
        let exists = |request: &FetchRequest<'_>| Ok(self.mount.find(&name(request)?)?.is_some());
        one_by_one(requests, exists)
    }

    /// A folder that does not exist is merely empty to a lookup.
    fn probe(&self) -> BoxFuture<'_, Probe> {
        Box::pin(async move {
            let probe = Probe::by_exists(self).await;
            let folder = self.mount.folder();
            if !probe.is_reachable() || folder.is_dir() {
                return probe;
            }
            let message = format!("there is no folder {}", folder.display());
            Probe::unreachable(
                Error::new(ErrorKind::Unavailable, message)
                    .with_help("set SECRETS_FILE_DIR to where secrets are mounted"),
            )
        })
    }
}
