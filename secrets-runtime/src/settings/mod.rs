//! What a deployment says: which backend, which roles, where things are.
//!
//! A setting is built in code, else it is a `SECRETS_*` variable, else it stands in `secrets.toml` (the file that
//! `SECRETS_CONFIG` names, else the nearest upwards from the working directory: not past the root of the
//! repository, the home folder or the border of a file system), else it is the variable of the system that is
//! mirrored, else the default holds. An empty variable counts as unset. [`variables`] has all of them.
//!
//! ```toml
//! default_backend = "aws-secrets-manager"
//!
//! [sources.prod-db]                # what the code calls prod-db
//! id = "arn:aws:secretsmanager:us-west-2:123456789012:secret:prod/db"
//!
//! [profile.laptop]                 # with SECRETS_PROFILE=laptop
//! default_backend = "local"
//!
//! [profile.laptop.sources.prod-db]
//! id = "db"
//! ```
//!
//! The settings are read once and checked whole. A `secrets.toml` that somebody else may have written is refused,
//! and so is one with a key that does not exist.

mod config_file;
mod error;
mod folders;
pub(crate) mod load;
mod lookup;
pub(crate) mod mapping;
mod overrides;
pub(crate) mod precedence;
pub(crate) mod prefect;
mod raw_value;
mod reader;
mod search;
pub(crate) mod setting;
#[cfg(test)]
mod tests;
pub(crate) mod validation_level;
mod values;
pub mod variables;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use secrets_spec::{BackendType, BuiltIn, RoleArn, Source, SourcePatch, SourceRole, With};

use crate::{
    core::{error::Error, secret_value::SecretValue},
    settings::{
        config_file::ConfigFile,
        folders::Folders,
        load::Loaded,
        precedence::{CodeSettings, Environment, decide},
        prefect::PrefectSettings,
        raw_value::Origin,
        reader::{SettingState, SettingsReader},
        validation_level::ValidationLevel,
        variables::Variable,
    },
};

/// All settings, each read and checked. `Debug` shows no credential.
#[derive(Debug, Clone)]
#[allow(
    dead_code,
    reason = "all are read and checked, whichever of the backends that use them are built"
)]
pub(crate) struct Settings {
    default_backends: Vec<BackendType>,
    default_role: SourceRole,
    aws_role: Option<RoleArn>,
    aws_region: Option<String>,
    aws_external_id: Option<String>,
    aws_session_name: Option<String>,
    aws_credentials_from: Option<Source>,
    validation_level: ValidationLevel,
    with: Option<With>,
    local_dir: Option<PathBuf>,
    local_key_file: Option<PathBuf>,
    file_dir: PathBuf,
    run_dir: Option<PathBuf>,
    cache_ttl: Duration,
    cache_stale: Duration,
    timeout: Duration,
    attempt_timeout: Duration,
    zenml_url: Option<SecretValue>,
    zenml_username: Option<String>,
    zenml_password: Option<SecretValue>,
    prefect: PrefectSettings,
    flyte_env_prefix: String,
    flyte_dir: PathBuf,
    flyte_file_prefix: String,
    sources: BTreeMap<String, SourcePatch>,
    folders: Folders,
    config_file: Option<PathBuf>,
    shown: Vec<SettingState>,
}

#[allow(dead_code, reason = "some are for backends that a feature brings")]
impl Settings {
    /// The settings of this process: its environment, and the `secrets.toml` of its working directory.
    ///
    /// # Errors
    /// `InvalidConfig`, with everything that is wrong.
    pub(crate) fn load() -> Result<Self, Error> {
        Self::load_with(&CodeSettings::default())
    }

    /// The settings of this process under what is built in code: its environment, and the `secrets.toml` of its
    /// working directory.
    ///
    /// # Errors
    /// `InvalidConfig`, with everything that is wrong.
    pub(crate) fn load_with(built: &CodeSettings) -> Result<Self, Error> {
        Self::load_anyway(built).into_result()
    }

    /// The same, whatever is wrong.
    pub(crate) fn load_anyway(built: &CodeSettings) -> Loaded {
        // A working directory that is gone has no `secrets.toml`.
        let directory = std::env::current_dir().ok();
        Self::read_anyway(built, &|name| std::env::var_os(name), directory.as_deref())
    }

    /// The settings of an environment and a working directory of a test's own.
    ///
    /// # Errors
    /// `InvalidConfig`, with everything that is wrong.
    #[cfg(test)]
    pub(crate) fn from(environment: Environment<'_>, directory: &Path) -> Result<Self, Error> {
        Self::read(&CodeSettings::default(), environment, Some(directory))
    }

    /// The same under what is built in code.
    ///
    /// # Errors
    /// `InvalidConfig`, with everything that is wrong.
    #[cfg(test)]
    pub(crate) fn read(
        built: &CodeSettings,
        environment: Environment<'_>,
        directory: Option<&Path>,
    ) -> Result<Self, Error> {
        Self::read_anyway(built, environment, directory).into_result()
    }

    /// The one that the others are made of.
    fn read_anyway(
        built: &CodeSettings,
        environment: Environment<'_>,
        directory: Option<&Path>,
    ) -> Loaded {
        let folders = Folders::of(environment);
        let mut problems = Vec::new();
        let home = folders.home.as_deref();
        let file = lookup::config_file(built, environment, directory, home, &mut problems);
        let found =
            variables::ALL.iter().map(|v| (*v, decide(v, built, environment, file.as_ref())));
        let mut texts = SettingsReader::new(found.collect(), directory);
        let shown = texts.shown();
        let settings = Self {
            default_backends: texts
                .text(&variables::DEFAULT_BACKEND, values::backends)
                .unwrap_or_else(|| vec![BackendType::from(BuiltIn::Local)]),
            default_role: texts
                .text(&variables::DEFAULT_ROLE, values::role)
                .map_or(SourceRole::Inherit, SourceRole::Arn),
            aws_role: texts.text(&variables::AWS_ROLE, values::role),
            aws_region: texts.text(&variables::AWS_REGION, values::region),
            aws_external_id: texts.text(&variables::AWS_EXTERNAL_ID, values::external_id),
            aws_session_name: texts.text(&variables::AWS_SESSION_NAME, values::session_name),
            aws_credentials_from: texts.text(&variables::AWS_CREDENTIALS_FROM, values::source),
            validation_level: texts
                .text(&variables::VALIDATION_LEVEL, values::level)
                .unwrap_or_default(),
            with: texts.text(&variables::WITH, values::with),
            local_dir: texts.path(&variables::LOCAL_DIR),
            local_key_file: texts.path(&variables::LOCAL_KEY_FILE),
            file_dir: texts.path(&variables::FILE_DIR).unwrap_or_else(|| "/run/secrets".into()),
            run_dir: texts.path(&variables::RUN_DIR),
            cache_ttl: texts.seconds(&variables::CACHE_TTL, values::seconds, 300),
            cache_stale: texts.seconds(&variables::CACHE_STALE, values::seconds, 3600),
            timeout: texts.seconds(&variables::TIMEOUT, values::some_seconds, 30),
            attempt_timeout: texts.seconds(&variables::ATTEMPT_TIMEOUT, values::some_seconds, 5),
            zenml_url: texts.secret(&variables::ZENML_URL),
            zenml_username: texts.text(&variables::ZENML_USERNAME, values::text),
            zenml_password: texts.secret(&variables::ZENML_PASSWORD),
            prefect: PrefectSettings::read(&mut texts),
            flyte_env_prefix: texts
                .text(&variables::FLYTE_ENV_PREFIX, values::trimmed)
                .filter(|prefix| !prefix.is_empty())
                .unwrap_or_else(|| "_FSEC_".into()),
            flyte_dir: texts
                .path(&variables::FLYTE_DEFAULT_DIR)
                .unwrap_or_else(|| "/etc/secrets".into()),
            flyte_file_prefix: texts
                .text(&variables::FLYTE_FILE_PREFIX, values::trimmed)
                .unwrap_or_default(),
            folders,
            config_file: file.as_ref().map(|file| file.path().to_path_buf()),
            sources: file.map(ConfigFile::into_sources).unwrap_or_default(),
            shown,
        };
        problems.extend(texts.into_problems());
        Loaded::of(settings, problems)
    }

    /// The backends of untyped sources and of requests, in the order in which they are asked; never empty.
    pub(crate) fn default_backends(&self) -> &[BackendType] {
        &self.default_backends
    }

    /// The role of sources and steps that name none; `Inherit` if none is set.
    pub(crate) fn default_role(&self) -> &SourceRole {
        &self.default_role
    }

    /// The role for AWS where no other is left, also after `role = ""`.
    pub(crate) fn aws_role(&self) -> Option<&RoleArn> {
        self.aws_role.as_ref()
    }

    /// The default role for backends of one type, whichever backend is registered for it.
    pub(crate) fn role_of_type(&self, kind: &str) -> Option<&RoleArn> {
        self.aws_role.as_ref().filter(|_| kind == BuiltIn::AwsSecretsManager.name())
    }

    /// The region for AWS where neither an ARN nor the options give one.
    pub(crate) fn aws_region(&self) -> Option<&str> {
        self.aws_region.as_deref()
    }

    /// The external id with which roles are assumed.
    pub(crate) fn aws_external_id(&self) -> Option<&str> {
        self.aws_external_id.as_deref()
    }

    /// The session name with which roles are assumed.
    pub(crate) fn aws_session_name(&self) -> Option<&str> {
        self.aws_session_name.as_deref()
    }

    /// The source that holds the credentials for AWS.
    pub(crate) fn aws_credentials_from(&self) -> Option<&Source> {
        self.aws_credentials_from.as_ref()
    }

    /// How much a validation looks at.
    pub(crate) fn validation_level(&self) -> ValidationLevel {
        self.validation_level
    }

    /// What is attached to steps that declare nothing.
    pub(crate) fn with(&self) -> Option<&With> {
        self.with.as_ref()
    }

    /// The folder of the embedded store.
    ///
    /// # Errors
    /// `InvalidConfig` if it is not set and there is no home folder.
    pub(crate) fn local_dir(&self) -> Result<PathBuf, Error> {
        self.local_dir.clone().map_or_else(|| self.folders.local_dir(), Ok)
    }

    /// The file with the embedded store's key.
    ///
    /// # Errors
    /// `InvalidConfig` if it is not set and there is no home folder.
    pub(crate) fn local_key_file(&self) -> Result<PathBuf, Error> {
        self.local_key_file.clone().map_or_else(|| self.folders.local_key_file(), Ok)
    }

    /// The folder of mounted secrets.
    pub(crate) fn file_dir(&self) -> &Path {
        &self.file_dir
    }

    /// The folder for `secrets.file` where no file system in memory is found.
    pub(crate) fn run_dir(&self) -> Option<&Path> {
        self.run_dir.as_deref()
    }

    /// How long a fetched value serves later steps; zero for not at all.
    pub(crate) fn cache_ttl(&self) -> Duration {
        self.cache_ttl
    }

    /// How long an expired value may serve while its backend is down.
    pub(crate) fn cache_stale(&self) -> Duration {
        self.cache_stale
    }

    /// How long a step waits for all its secrets; more than zero.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How long one attempt at a backend may take; more than zero.
    pub(crate) fn attempt_timeout(&self) -> Duration {
        self.attempt_timeout
    }

    /// What Prefect's own variables say.
    pub(crate) fn prefect(&self) -> &PrefectSettings {
        &self.prefect
    }

    /// The address of the ZenML server. It may hold a user and a password.
    pub(crate) fn zenml_url(&self) -> Option<&SecretValue> {
        self.zenml_url.as_ref()
    }

    /// The user at the ZenML server.
    pub(crate) fn zenml_username(&self) -> Option<&str> {
        self.zenml_username.as_deref()
    }

    /// The user's password at the ZenML server.
    pub(crate) fn zenml_password(&self) -> Option<&SecretValue> {
        self.zenml_password.as_ref()
    }

    /// What the variables of mounted Flyte secrets start with.
    pub(crate) fn flyte_env_prefix(&self) -> &str {
        &self.flyte_env_prefix
    }

    /// The folder of mounted Flyte secrets.
    pub(crate) fn flyte_dir(&self) -> &Path {
        &self.flyte_dir
    }

    /// What the names of mounted Flyte files start with; often empty.
    pub(crate) fn flyte_file_prefix(&self) -> &str {
        &self.flyte_file_prefix
    }

    /// What `secrets.toml` maps a source or a group to. `text` is the source or the group as written.
    pub(crate) fn mapped(&self, text: &str) -> Option<&SourcePatch> {
        self.sources.get(text)
    }

    /// Everything that is mapped, by name.
    pub(crate) fn all_mapped(&self) -> impl Iterator<Item = (&str, &SourcePatch)> {
        self.sources.iter().map(|(name, source)| (name.as_str(), source))
    }

    /// The `secrets.toml` that was read.
    pub(crate) fn config_file(&self) -> Option<&Path> {
        self.config_file.as_deref()
    }

    /// Where a setting comes from.
    pub(crate) fn origin(&self, variable: &Variable) -> &Origin {
        let shown = self.shown.iter().find(|shown| shown.variable == variable);
        shown.map_or(&Origin::Default, |shown| &shown.origin)
    }

    /// Every setting, in the order of [`variables::ALL`], without credentials.
    pub(crate) fn shown(&self) -> &[SettingState] {
        &self.shown
    }
}
