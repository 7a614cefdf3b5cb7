mod location;
mod names;

use std::{fmt, path::PathBuf};

use secrets_spec::BuiltIn;

use crate::{
    backend::{
        Backend, BoxFuture, Fetched, capabilities::Capabilities, fetch_request::FetchRequest,
        identity::Identity, one_by_one::one_by_one,
    },
    backends::{
        flyte::{
            location::{Location, Prefixes},
            names::Names,
        },
        mount::{Mount, MountEntry},
    },
    context::env_vars::from_os,
    core::{
        error::{Error, ErrorKind},
        secret_value::SecretValue,
    },
};

/// The secrets that Flyte and Union put into a container: variables, then files.
///
/// A request of the group `db`, the version `v2` and the key `password` is looked for in this order:
///
/// 1. the variable `_FSEC_DB_V2_PASSWORD`: the parts in upper case, `_` between them,
/// 2. the file `db/v2/password` below the folder: the parts in lower case,
/// 3. the file of the parts as they are written,
/// 4. the variable `_UNION_DB_V2_PASSWORD`,
/// 5. the request's `env_var`.
///
/// An empty part is left out. A source's id is one part: a file there is one plain value, a folder is a set with one
/// field for each file. An empty variable and an empty file are values. The line break at the end of a one-line text is
/// removed. A text of several lines, such as a PEM, stays as it is, and so does what is not UTF-8, which is bytes.
/// [`Secrets::file`](crate::Secrets::file) has the bytes as they are mounted. Nothing outside the folder is read, and
/// the bare variable `DB_PASSWORD` never is. Everything is read at every step and never cached.
///
/// A secret that is in none of these places is [`ErrorKind::NotFound`], with all of them in the message; a file
/// that is there and may not be read is [`ErrorKind::AccessDenied`].
///
/// ```
/// use secrets_runtime::{Declaration, Error, Resolver, backends::Flyte};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let folder = folder.path();
/// std::fs::create_dir(folder.join("db")).unwrap();
/// std::fs::write(folder.join("db/password"), "hunter2\n").unwrap();
///
/// let resolver = Resolver::builder().backend(Flyte::new(folder)).default_backend("flyte").build()?;
/// let declaration = Declaration::builder("load").request("DB", "Password")?.build();
/// let secrets = resolver.resolve_blocking(&declaration)?.secrets;
/// assert_eq!(secrets.get("DB", "Password")?.expose_str()?, "hunter2");
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Flyte {
    prefixes: Prefixes,
    mount: Mount,
}

impl Flyte {
    /// Creates the backend of the variables that start with `_FSEC_`, and of the files below `folder`.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            prefixes: Prefixes { variable: "_FSEC_".to_owned(), file: String::new() },
            mount: Mount::new(folder.into(), "FLYTE_SECRETS_DEFAULT_DIR"),
        }
    }

    /// Sets the prefix of the variables.
    #[must_use]
    pub fn with_env_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefixes.variable = prefix.into();
        self
    }

    /// Sets what the names of the files start with.
    #[must_use]
    pub fn with_file_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefixes.file = prefix.into();
        self
    }

    fn fetch_one(&self, request: &FetchRequest<'_>) -> Result<Fetched, Error> {
        let names = Names::of(request)?;
        let locations = Location::all(&names, &self.prefixes, request);
        for location in &locations {
            if let Some(found) = self.find(location)? {
                return self.read(found);
            }
        }
        Err(self.nowhere(&locations, request))
    }

    fn has_one(&self, request: &FetchRequest<'_>) -> Result<bool, Error> {
        for location in Location::all(&Names::of(request)?, &self.prefixes, request) {
            if self.find(&location)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn find(&self, location: &Location) -> Result<Option<FlyteLocation>, Error> {
        Ok(match location {
            Location::Variable(name) => variable(name).map(FlyteLocation::Variable),
            Location::File(name) => match self.mount.find(name)? {
                Some(MountEntry::File(file)) => Some(FlyteLocation::File(file)),
                Some(MountEntry::Folder(_)) | None => None,
            },
            Location::Folder(name) => match self.mount.find(name)? {
                Some(MountEntry::Folder(folder)) => Some(FlyteLocation::Folder(folder)),
                Some(MountEntry::File(_)) | None => None,
            },
        })
    }

    fn read(&self, found: FlyteLocation) -> Result<Fetched, Error> {
        match found {
            FlyteLocation::Variable(value) => {
                let is_text = value.is_text();
                let fetched = if is_text { Fetched::text(value) } else { Fetched::binary(value) };
                Ok(fetched.mounted())
            }
            FlyteLocation::File(file) => self.mount.plain(&file),
            FlyteLocation::Folder(folder) => self.mount.set(&folder, &self.prefixes.file),
        }
    }

    fn nowhere(&self, locations: &[Location], request: &FetchRequest<'_>) -> Error {
        let shown: Vec<_> = locations.iter().map(|location| location.shown(&self.mount)).collect();
        let message = format!("it is in none of these: {}", shown.join(", "));
        Error::new(ErrorKind::NotFound, message).with_help(self.help(locations, request))
    }

    fn help(&self, locations: &[Location], request: &FetchRequest<'_>) -> String {
        for (names, left_out) in Names::shorter(request) {
            let locations = Location::all(&names, &self.prefixes, &request.with_env_var(None));
            let there = |location: &&Location| matches!(self.find(location), Ok(Some(_)));
            if let Some(location) = locations.iter().find(there) {
                let location = location.shown(&self.mount);
                return format!("{location} is there: leave `{left_out}` out to read it");
            }
        }
        let folder = locations.iter().find_map(|location| match location {
            Location::File(name) => match self.mount.find(name) {
                Ok(Some(MountEntry::Folder(_))) => Some(self.mount.path(name)),
                _ => None,
            },
            _ => None,
        });
        if let Some(folder) = folder {
            let folder = folder.display();
            return format!(
                "{folder} is a folder: name one of its files with `key`, or all of them as a source"
            );
        }
        "let the platform mount it (`secret_requests` of the task), or say where it is: \
         FLYTE_SECRETS_ENV_PREFIX, FLYTE_SECRETS_DEFAULT_DIR, FLYTE_SECRETS_FILE_PREFIX"
            .to_owned()
    }
}

/// Where a secret is, and what is there.
enum FlyteLocation {
    Variable(SecretValue),
    File(PathBuf),
    Folder(PathBuf),
}

fn variable(name: &str) -> Option<SecretValue> {
    // The system would find `A` with the value `B=c` when it is asked for `A=B`.
    if name.contains(['=', '\0']) {
        return None;
    }
    std::env::var_os(name).map(from_os)
}

impl fmt::Display for Flyte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = self.mount.folder().display();
        write!(f, "the variables {}.. and the folder {folder}", self.prefixes.variable)
    }
}

impl Backend for Flyte {
    fn kind(&self) -> &str {
        BuiltIn::Flyte.name()
    }

    /// Read at every step.
    fn capabilities(&self) -> Capabilities {
        Capabilities::new()
            .uses_role(false)
            .cached(false)
            .reads_environment(true)
            .needs_tokio(false)
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
        one_by_one(requests, |request| self.has_one(request))
    }
}
