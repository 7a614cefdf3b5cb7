use std::{
    ffi::OsString,
    fmt,
    path::PathBuf,
    process::Command,
    sync::{Arc, OnceLock},
};

use serde::de::DeserializeOwned;
#[cfg(feature = "guard")]
use std::sync::Mutex;

use crate::{
    context::{
        env_vars::{EnvVars, as_os},
        group::{RequestField, SourceFields},
        provenance::Provenance,
        resolved::ResolvedSecrets,
        secret_files::SecretFiles,
    },
    core::{
        error::{Error, ErrorKind},
        secret_value::SecretValue,
    },
    payload::{de, fields::Field},
};

/// The secrets of a step: what it declared and nothing else.
///
/// A clone is cheap. Everything was fetched before the body ran, so only [`refresh`](Secrets::refresh) and
/// [`with_fresh`](Secrets::with_fresh) fetch. They return other secrets and leave these unchanged.
///
/// ```
/// use secrets_runtime::{Error, current_context, secrets, testing};
///
/// #[secrets(sources = ["db"])]
/// fn step() -> Result<usize, Error> {
///     let password = current_context().secrets.get("db", "password")?;
///     Ok(password.expose_str()?.len())
/// }
///
/// assert_eq!(testing::with_secrets([("db", "password", "four")], step)?, 4);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Secrets(pub(super) Arc<CallState>);

/// The secrets of one call of a step.
pub(super) struct CallState {
    pub(super) shared: Arc<ResolvedSecrets>,
    /// Boxed because few steps read them, and every call moves this.
    variables: OnceLock<Box<EnvVars>>,
    files: FilesOwner,
    /// Other secrets of the call, for the guard of its result: those from before and after a refresh.
    #[cfg(feature = "guard")]
    pub(super) others: Mutex<Vec<Arc<ResolvedSecrets>>>,
}

/// The owner of a call's files. All of them are removed when the step ends.
enum FilesOwner {
    This(SecretFiles),
    Other(Secrets),
}

impl Secrets {
    pub(crate) fn new(shared: Arc<ResolvedSecrets>) -> Self {
        let files = FilesOwner::This(SecretFiles::new(shared.run_dir.clone()));
        Self::with_files(shared, files)
    }

    fn with_files(shared: Arc<ResolvedSecrets>, files: FilesOwner) -> Self {
        Self(Arc::new(CallState {
            shared,
            variables: OnceLock::new(),
            files,
            #[cfg(feature = "guard")]
            others: Mutex::default(),
        }))
    }

    /// Returns other secrets for the same call. They keep a reference to the secrets that the call began with, which
    /// live as long as the call, and to none of the secrets between.
    pub(super) fn with_resolved(&self, shared: Arc<ResolvedSecrets>) -> Self {
        let first = match &self.0.files {
            FilesOwner::This(_) => self,
            FilesOwner::Other(first) => first,
        };
        #[cfg(feature = "guard")]
        first.add_guarded([shared.clone()]);
        Self::with_files(shared, FilesOwner::Other(first.clone()))
    }

    pub(crate) fn shared(&self) -> &Arc<ResolvedSecrets> {
        &self.0.shared
    }

    pub(super) fn files(&self) -> &SecretFiles {
        match &self.0.files {
            FilesOwner::This(files) => files,
            FilesOwner::Other(secrets) => secrets.files(),
        }
    }

    pub(crate) fn step(&self) -> Option<&str> {
        self.0.shared.step.as_deref()
    }

    /// Returns the field `key` of the source or request whose group is `group`.
    ///
    /// # Errors
    /// [`ErrorKind::NotRequested`] if the step did not declare the group, or if no request of that group
    /// names the key; [`ErrorKind::KeyNotFound`] if the declared secret has no such field.
    pub fn get(&self, group: &str, key: &str) -> Result<SecretValue, Error> {
        self.field(group, key).map(|field| field.value.clone())
    }

    /// Returns the field of a request that has this `group_version`.
    ///
    /// # Errors
    /// As [`Secrets::get`], and [`ErrorKind::NotRequested`] if that version was not requested.
    pub fn get_versioned(
        &self,
        group: &str,
        key: &str,
        group_version: &str,
    ) -> Result<SecretValue, Error> {
        let requests = self.0.shared.group(group).map(|found| found.requests.as_slice());
        let version = |requested: &&RequestField| {
            let view = requested.request.view();
            view.key == key && view.group_version == Some(group_version)
        };
        match requests.unwrap_or_default().iter().find(version) {
            Some(requested) => {
                self.record_read(group, key)?;
                Ok(requested.field.value.clone())
            }
            None => {
                self.record_not_requested(group, key);
                let asked = format!("{group}/{key} (version {group_version})");
                let message = "the step did not request this version";
                Err(self.not_requested(&asked, message))
            }
        }
    }

    /// Reads the whole secret `group` into a type: a struct with the secret's fields, a map, or a scalar if
    /// the secret has one field.
    ///
    /// ```
    /// # use secrets_runtime::{Error, SecretValue, current_context, secrets, testing};
    /// #[derive(serde::Deserialize)]
    /// struct Db { user: String, password: SecretValue, port: u16 }
    ///
    /// #[secrets(sources = ["db"])]
    /// fn step() -> Result<u16, Error> {
    ///     Ok(current_context().secrets.get_as::<Db>("db")?.port)
    /// }
    /// # let given = [("db", "user", "app"), ("db", "password", "x"), ("db", "port", "5432")];
    /// # assert_eq!(testing::with_secrets(given, step)?, 5432);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # How often `T` is deserialized
    /// If everything fits, `T`'s `Deserialize` runs once. Otherwise it runs again, without the fields that do
    /// not fit, to find what else is wrong: at most once for each field (of the type or of the secret) and
    /// five times more, and never more than 512 times. `#[serde(flatten)]` and untagged or internally tagged
    /// enums may take two more runs, and two for each field that contains them, since serde does not say in
    /// time whether their values are texts or numbers.
    ///
    /// serde stops at the first missing field. To find the next one, the later runs use a placeholder for
    /// each field that is missing or does not fit: 1, `true`, the text `1`, one of the variants, an empty
    /// list. A type that says it expects a network address, a URL or a UUID gets one that leads nowhere
    /// (`0.0.0.0`, `data:,`, the nil UUID). The result of a run with placeholders is dropped. No placeholder
    /// is used if the secret has every field that the type declares, or if the type needs none of them.
    ///
    /// So a `#[serde(try_from = "..")]` or a hand-written `Deserialize` may run several times, with values
    /// that nobody has stored. It should only check its input, and not connect, count or log.
    ///
    /// # Errors
    /// [`ErrorKind::NotRequested`] if the step did not declare the group. [`ErrorKind::KeyNotFound`] for each
    /// missing field and [`ErrorKind::Undecodable`] for each field that does not fit its type, all at once and
    /// without values. If the secret is one plain value and the type has fields, that is one problem. Inside one
    /// field, only the first problem is reported, and keys inside its value are shown as `[..]`. If a type refuses
    /// its placeholder, missing fields that are declared after it are reported only once that field exists.
    pub fn get_as<T: DeserializeOwned>(&self, group: &str) -> Result<T, Error> {
        let Some(found) = self.0.shared.group(group) else {
            return Err(self.why_not(group, ""));
        };
        self.record_reads(group, found)?;
        let made = match &found.source {
            Some(SourceFields { absent_because: Some(absent_because), .. }) => {
                de::from_absent(absent_because.clone())
            }
            Some(source) => match source.fields.as_plain() {
                Some((name, field)) => de::from_plain(group, name, &field.value),
                None => {
                    let fields =
                        source.fields.iter().map(|(name, field)| (name, &field.value, field.form));
                    de::from_fields(group, &fields.collect::<Vec<_>>())
                }
            },
            None => {
                let requests = found.requests.iter();
                let fields = requests.map(|it| (it.request.view().key, &it.field));
                let fields = fields.map(|(key, field)| (key, &field.value, field.form));
                de::from_fields(group, &fields.collect::<Vec<_>>())
            }
        };
        made.map_err(|problems| self.typed_read_error(problems, group))
    }

    /// Reads one field into a type.
    pub(crate) fn get_key_as<T: DeserializeOwned>(
        &self,
        group: &str,
        key: &str,
    ) -> Result<T, Error> {
        let found = self.0.shared.group(group);
        let made = match found.and_then(|found| found.find(key)) {
            Some(field) => {
                self.record_read(group, key)?;
                de::from_value(&format!("{group}.{key}"), &field.value)
            }
            None => {
                let problems = self.why_not(group, key).into_problems();
                // If a declared secret lacks the field, the value is absent; anything else is an error.
                match problems.first() {
                    Some(p) if matches!(p.kind(), ErrorKind::KeyNotFound | ErrorKind::NotFound) => {
                        de::from_absent(p.clone())
                    }
                    _ => Err(problems),
                }
            }
        };
        made.map_err(|problems| self.typed_read_error(problems, group))
    }

    /// Returns the path of a file that contains a field: for code that reads a path, also in a child process
    /// of the same user.
    ///
    /// The first call for a field creates its file. The file has mode 0600 and a random name, and contains
    /// the value's bytes and nothing else; for a secret that a platform has mounted, these are the bytes as mounted,
    /// with the final line break that the value may lack. Its folder belongs to this process and has mode 0700. It is
    /// in memory, below `$XDG_RUNTIME_DIR` or `/dev/shm`, if one of them is a tmpfs; otherwise it is below
    /// `SECRETS_RUN_DIR`.
    ///
    /// The file is removed when the step returns, panics or is dropped, even if the path is still in use;
    /// outside a step, when the last clone of these secrets is dropped. If a process is killed, the next
    /// process that creates such a folder removes its files.
    ///
    /// ```
    /// # use secrets_runtime::{Error, current_context, secrets, testing};
    /// #[secrets(sources = ["tls"])]
    /// fn step() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    ///     let key = current_context().secrets.file("tls", "key.pem")?;
    ///     assert_eq!(std::fs::read_to_string(key)?, "x");
    ///     Ok(())
    /// }
    /// # testing::with_secrets([("tls", "key.pem", "x")], step).map_err(|e| e.to_string()).unwrap();
    /// ```
    ///
    /// # Errors
    /// As [`Secrets::get`]; [`ErrorKind::NotSupported`] if there is no usable folder;
    /// [`ErrorKind::InvalidConfig`] if `SECRETS_RUN_DIR` is not a folder; [`ErrorKind::NoContext`] after the
    /// step has ended; [`ErrorKind::Other`] if the file cannot be written.
    pub fn file(&self, group: &str, key: &str) -> Result<PathBuf, Error> {
        let path = self.files().path_of(self.field(group, key)?.file_content());
        path.map_err(|error| error.about(&format!("{group}/{key}"), None).in_step(self.step()))
    }

    /// Ends the step and removes its files.
    #[inline]
    pub(crate) fn end(&self) {
        // If these secrets have no other handle, no more files can be requested, and dropping the secrets removes the
        // files: almost every call of a step is spared a lock.
        if Arc::strong_count(&self.0) > 1 || matches!(self.0.files, FilesOwner::Other(_)) {
            self.files().end();
        }
    }

    /// Returns a field by the name of its environment variable, as `std::env::var` does for a Metaflow step.
    ///
    /// In a step that declares nothing and got no sources at launch, it reads the process's own environment.
    /// For a request for a `FILE` with `env_var` it returns the path of the file, as [`Secrets::file`] does.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`] if `name` is not a variable name or is reserved; [`ErrorKind::Ambiguous`]
    /// if several fields map to it; [`ErrorKind::KeyNotFound`] if no field does.
    pub fn var(&self, name: &str) -> Result<SecretValue, Error> {
        let variables = self.variables();
        let shared = &self.0.shared;
        let value = variables.var(name, self.files(), shared.bare, shared.audit.as_deref());
        value.map_err(|error| error.in_step(self.step()))
    }

    /// Returns the variables and their values, sorted by name. A variable is left out if several fields map to it, if
    /// its file cannot be created, or if the audit log is required and the read cannot be recorded. Binary values are
    /// standard base64.
    pub fn vars(&self) -> impl Iterator<Item = (&str, &SecretValue)> {
        self.variables().iter(self.files(), self.0.shared.audit.as_deref())
    }

    /// Sets the variables in the environment of a child process.
    ///
    /// A variable that already has the path of the mounted file of its `FILE` request stays as it is.
    ///
    /// From then on the command contains the values, and `{command:?}` prints them, since that is how the
    /// standard library formats a [`Command`]. Do not format it, and drop it once the child has started.
    ///
    /// ```
    /// # use secrets_runtime::{Error, current_context, secrets, testing};
    /// #[secrets(sources = ["db"])]
    /// fn step() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    ///     let mut command = std::process::Command::new("true");
    ///     current_context().secrets.apply_to(&mut command)?;
    ///     command.status()?;
    ///     Ok(())
    /// }
    /// # testing::with_secrets([("db", "DB_PASSWORD", "x")], step).map_err(|e| e.to_string()).unwrap();
    /// ```
    ///
    /// # Errors
    /// Nothing is set unless everything can be. [`ErrorKind::Collision`] if two fields map to one variable, or
    /// if the process's environment or the command has it already (unless `allow_override` is set);
    /// [`ErrorKind::InvalidName`] if a field's name cannot become a variable, or becomes a guarded one;
    /// [`ErrorKind::InvalidValue`] if a value contains a NUL.
    pub fn apply_to(&self, command: &mut Command) -> Result<(), Error> {
        let present = |name: &str| {
            let set = command.get_envs().find(|(known, _)| *known == name);
            match set {
                Some((_, value)) => value.map(ToOwned::to_owned),
                None => std::env::var_os(name),
            }
        };
        for (name, value) in self.to_set(&present)? {
            // The step asked for this value in the environment of the child.
            command.env(name, as_os(value)?);
        }
        Ok(())
    }

    /// Returns the variables, with the paths of files, if all can be set. `present` returns the values that are
    /// already set.
    pub(crate) fn to_set(
        &self,
        present: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Vec<(&str, &SecretValue)>, Error> {
        let shared = &self.0.shared;
        let exports = self.variables().exports(
            present,
            Some(self.files()),
            shared.allow_override,
            shared.audit.as_deref(),
        );
        exports.map_err(|error| error.in_step(self.step()))
    }

    /// Records the read, and returns the field that `get` reads.
    pub(crate) fn field(&self, group: &str, key: &str) -> Result<&Field, Error> {
        let field = self.look_up(group, key)?;
        self.record_read(group, key)?;
        Ok(field)
    }

    /// Returns the field without recording a read; its value must not be returned.
    #[inline]
    pub(super) fn look_up(&self, group: &str, key: &str) -> Result<&Field, Error> {
        let found = self.0.shared.group(group).and_then(|found| found.find(key));
        found.ok_or_else(|| self.why_not(group, key))
    }

    /// Returns where a group comes from: which version of which secret the step runs with.
    ///
    /// If the group consists of several requests, this is the provenance of the first one;
    /// [`provenance_of`](Self::provenance_of) returns it for each field. Returns `None` if the step did not declare
    /// the group, and if its source is optional and was not found.
    #[must_use]
    pub fn provenance(&self, group: &str) -> Option<&Provenance> {
        self.shared().group(group)?.found_provenances().next()
    }

    /// Returns the provenance of the field that [`get(group, key)`](Self::get) reads, or `None` if `get` fails.
    ///
    /// ```
    /// # use secrets_runtime::{Error, current_context, task, testing};
    /// #[task(secret_requests = [Secret(group = "db", key = "user"), Secret(group = "db", key = "password")])]
    /// fn step() -> Result<(), Error> {
    ///     let secrets = current_context().secrets;
    ///     assert_eq!(secrets.provenance_of("db", "password").expect("it is declared").id(), "db");
    ///     assert!(secrets.provenance_of("db", "port").is_none());
    ///     Ok(())
    /// }
    /// # testing::with_secrets([("db", "user", "app"), ("db", "password", "x")], step)?;
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn provenance_of(&self, group: &str, key: &str) -> Option<&Provenance> {
        self.shared().group(group)?.provenance_of(key)
    }

    pub(super) fn variables(&self) -> &EnvVars {
        self.0.variables.get_or_init(|| Box::new(EnvVars::of(self.0.shared.in_order())))
    }
}

impl fmt::Debug for Secrets {
    /// Prints the groups and the names of their fields.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (group, found) in self.0.shared.in_order() {
            let mut keys: Vec<&str> = Vec::new();
            if let Some(source) = &found.source {
                keys.extend(source.fields.iter().map(|(name, _)| name));
            }
            keys.extend(found.requests.iter().map(|r| r.request.view().key));
            map.entry(&group, &keys);
        }
        map.finish()
    }
}
