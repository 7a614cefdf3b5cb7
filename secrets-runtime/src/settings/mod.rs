//! The settings of a deployment: which backends, which roles, which folders.
//!
//! The first of these places that has a setting wins:
//!
//! 1. [`ResolverBuilder::setting`](crate::ResolverBuilder::setting), in code.
//! 2. The `SECRETS_*` variable.
//! 3. The file `secrets.toml`. It is the one that `SECRETS_CONFIG` names, or else the nearest one from the
//!    working directory upwards. The search ends at the root of the repository, at the home folder and at the
//!    border of a file system.
//! 4. The variable of the mirrored system, such as `METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE`.
//! 5. The default.
//!
//! An empty variable counts as unset. [`variables`] lists all settings.
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
//! A table `[backends.NAME]` is a backend of the type `NAME` whose secrets a program prints (feature `exec`):
//!
//! ```toml
//! [backends.op]
//! exec = ["/usr/bin/op", "read", "op://{id}"]
//! ```
//!
//! `SECRETS_SOURCES` has such a table of sources as JSON: `{"prod-db":{"type":"local","id":"db"}}`. Its entries
//! replace those of the file that have the same names.
//!
//! A source of type `file` may say `kubernetes_secret = "prod-db"`: where the program runs as a pod, that Secret is
//! mounted as the folder of the source. Elsewhere it has no effect.
//!
//! The settings are read once and checked as a whole. A `secrets.toml` that somebody else can have written is
//! refused, and so is one with an unknown key. One that `SECRETS_CONFIG` names may belong to another user, if nobody
//! else can write it.
//!
//! A file that is found may belong to a cloned repository. So these settings of it apply only after `secrets trust`:
//! `aws_transport`, `zenml_url`, `vault_addr`, `vault_namespace`, `vault_auth`, `vault_auth_mount`, `vault_role`, `vault_cacert`, `vault_jwt_file`, `kubernetes_url` and `kubernetes_dir` (a credential is sent there), `local_dir` and `local_key_file`, the values of `inline` sources, and the programs of `[backends]`.
//! Before that, each of them that is in effect is an error. `SECRETS_CONFIG` counts as trust.

pub(crate) mod audit;
pub(crate) mod backends;
mod config_file;
mod error;
mod file_values;
mod folders;
pub(crate) mod load;
mod lookup;
pub(crate) mod mapping;
mod overrides;
pub(crate) mod precedence;
mod raw_value;
mod reader;
mod search;
pub(crate) mod setting;
#[cfg(test)]
mod tests;
pub(crate) mod trust;
pub(crate) mod validation_level;
mod values;
pub mod variables;

use std::{
    borrow::Cow,
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

#[cfg(feature = "guard")]
use secrets_spec::GuardMode;
use secrets_spec::{BackendType, BuiltIn, RoleArn, Source, SourcePatch, SourceRole, With};

use crate::settings::{
    audit::AuditSettings,
    backends::aws::AwsSettings,
    backends::exec::ExecSettings,
    backends::file::FileSettings,
    backends::flyte::FlyteSettings,
    backends::kubernetes::KubernetesSettings,
    backends::local::LocalSettings,
    backends::prefect::PrefectSettings,
    backends::unread_tables::UnreadTables,
    backends::vault::VaultSettings,
    backends::zenml::ZenmlSettings,
    config_file::ConfigFile,
    folders::Folders,
    raw_value::SettingOrigin,
    reader::{SettingState, SettingsReader},
    validation_level::ValidationLevel,
    variables::Variable,
};

/// All settings, read and checked, whichever backends are compiled in. `Debug` prints no credential.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    default_backends: Vec<BackendType>,
    default_role: SourceRole,
    validation_level: ValidationLevel,
    with: Option<With>,
    run_dir: Option<PathBuf>,
    cache_ttl: Duration,
    cache_stale: Duration,
    timeout: Duration,
    #[cfg_attr(
        not(any(
            test,
            feature = "aws",
            feature = "aws-agent",
            feature = "kubernetes",
            feature = "prefect",
            feature = "vault",
            feature = "zenml"
        )),
        expect(
            dead_code,
            reason = "read and checked in every build; the other backends ask no server"
        )
    )]
    attempt_timeout: Duration,
    #[cfg(feature = "guard")]
    pub(crate) guard: GuardMode,
    pub(crate) audit: AuditSettings,
    pub(crate) aws: AwsSettings,
    pub(crate) file: FileSettings,
    pub(crate) flyte: FlyteSettings,
    #[cfg_attr(
        not(any(test, feature = "kubernetes")),
        expect(dead_code, reason = "as its fields")
    )]
    pub(crate) kubernetes: KubernetesSettings,
    pub(crate) local: LocalSettings,
    pub(crate) prefect: PrefectSettings,
    #[cfg_attr(not(any(test, feature = "vault")), expect(dead_code, reason = "as its fields"))]
    pub(crate) vault: VaultSettings,
    #[cfg_attr(not(any(test, feature = "zenml")), expect(dead_code, reason = "as its fields"))]
    pub(crate) zenml: ZenmlSettings,
    /// The programs that print secrets.
    exec: Vec<ExecSettings>,
    /// The tables of programs that are not in effect.
    pub(crate) unread_tables: UnreadTables,
    /// The targets of mappings, each with its table.
    sources: BTreeMap<String, (SourcePatch, String)>,
    config_file: Option<PathBuf>,
    shown: Vec<SettingState>,
}

impl Settings {
    /// Reads every setting. Problems are collected by the reader, and an invalid setting counts as unset.
    fn read(
        reader: &mut SettingsReader<'_>,
        config_file: Option<ConfigFile>,
        folders: &Folders,
    ) -> Self {
        // Before a text is taken.
        let shown = reader.shown();
        let is_named = shown.iter().any(|shown| {
            *shown.variable == variables::CONFIG && shown.origin != SettingOrigin::Default
        });
        let unread_tables = UnreadTables::of(config_file.as_ref(), is_named, folders);
        // Without the feature, any but `off` is a problem.
        let _guard = reader.text(&variables::GUARD, values::guard).unwrap_or_default();
        let mut sources =
            config_file.as_ref().map(ConfigFile::sources).cloned().unwrap_or_default();
        let exec = config_file.iter().flat_map(ConfigFile::backends).cloned().collect();
        let launched = reader.text(&variables::SOURCES, mapping::parse).unwrap_or_default();
        let named = |(name, patch)| (name, (patch, variables::SOURCES.name().to_owned()));
        sources.extend(launched.into_iter().map(named));
        Self {
            shown,
            #[cfg(feature = "guard")]
            guard: _guard,
            default_backends: reader
                .text(&variables::DEFAULT_BACKEND, values::backends)
                .unwrap_or_else(|| vec![BackendType::from(BuiltIn::Local)]),
            default_role: reader
                .text(&variables::DEFAULT_ROLE, values::role)
                .map_or(SourceRole::Inherit, SourceRole::Arn),
            audit: AuditSettings::read(reader),
            aws: AwsSettings::read(reader),
            validation_level: reader
                .text(&variables::VALIDATION_LEVEL, values::level)
                .unwrap_or_default(),
            with: reader.text(&variables::WITH, values::with),
            kubernetes: KubernetesSettings::read(reader),
            local: LocalSettings::read(reader, folders),
            file: FileSettings::read(reader),
            run_dir: reader.path(&variables::RUN_DIR),
            cache_ttl: reader.seconds(&variables::CACHE_TTL, values::seconds, 300),
            cache_stale: reader.seconds(&variables::CACHE_STALE, values::seconds, 3600),
            timeout: reader.seconds(&variables::TIMEOUT, values::some_seconds, 30),
            attempt_timeout: reader.seconds(&variables::ATTEMPT_TIMEOUT, values::some_seconds, 5),
            vault: VaultSettings::read(reader, folders),
            zenml: ZenmlSettings::read(reader),
            prefect: PrefectSettings::read(reader),
            flyte: FlyteSettings::read(reader),
            config_file: config_file.map(|file| file.path().to_path_buf()),
            exec,
            unread_tables,
            sources,
        }
    }

    /// Returns the backends of untyped sources and of requests, in the order in which they are asked. There
    /// is at least one.
    pub(crate) fn default_backends(&self) -> &[BackendType] {
        &self.default_backends
    }

    /// Returns the setting that names the default backends, as problems name it; `None` if it is the default, or set in
    /// code.
    pub(crate) fn origin_of_default_backends(&self) -> Option<String> {
        let shown =
            self.shown.iter().find(|shown| *shown.variable == variables::DEFAULT_BACKEND)?;
        match shown.origin {
            SettingOrigin::Default | SettingOrigin::Code => None,
            ref origin => Some(origin.of_problem(variables::DEFAULT_BACKEND.name())),
        }
    }

    /// Returns the role of sources and steps without one, or `Inherit` if none is set.
    pub(crate) fn default_role(&self) -> &SourceRole {
        &self.default_role
    }

    /// Returns the default role for backends of one type, whichever backend is registered for it.
    pub(crate) fn role_of_type(&self, kind: &str) -> Option<&RoleArn> {
        let is_of_aws = BuiltIn::parse(kind).is_some_and(BuiltIn::is_of_aws);
        self.aws.role.as_ref().filter(|_| is_of_aws)
    }

    /// Returns the validation level.
    pub(crate) fn validation_level(&self) -> ValidationLevel {
        self.validation_level
    }

    /// Returns the sources that are attached to steps that declare nothing.
    pub(crate) fn with(&self) -> Option<&With> {
        self.with.as_ref()
    }

    /// Returns the folder for `secrets.file` where no file system in memory is found.
    pub(crate) fn run_dir(&self) -> Option<&Path> {
        self.run_dir.as_deref()
    }

    /// Returns how long later steps may use a fetched value. Zero disables the cache.
    pub(crate) fn cache_ttl(&self) -> Duration {
        self.cache_ttl
    }

    /// Returns for how long after its expiry a value may still be used while its backend is down.
    pub(crate) fn cache_stale(&self) -> Duration {
        self.cache_stale
    }

    /// Returns how long a step waits for all its secrets. It is more than zero.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Returns how long one attempt at a backend may take. It is more than zero.
    #[cfg(any(
        test,
        feature = "aws",
        feature = "aws-agent",
        feature = "kubernetes",
        feature = "prefect",
        feature = "vault",
        feature = "zenml"
    ))]
    pub(crate) fn attempt_timeout(&self) -> Duration {
        self.attempt_timeout
    }

    /// Returns the target to which `secrets.toml` maps a source or a group. `text` is the source or group as
    /// written.
    pub(crate) fn mapped(&self, text: &str) -> Option<&SourcePatch> {
        self.sources.get(text).map(|(patch, _)| patch)
    }

    /// Returns the table of `secrets.toml` that maps this source or group, such as `[profile.laptop.sources.prod-db]`.
    pub(crate) fn table_of_mapping(&self, text: &str) -> Option<String> {
        self.sources.get(text).map(|(_, table)| table.clone())
    }

    /// Returns where a setting is set, as `secrets doctor` prints it.
    pub(crate) fn origin(&self, variable: &Variable) -> String {
        let shown = self.shown.iter().find(|shown| shown.variable == variable);
        shown.map_or_else(String::new, |shown| shown.origin.to_string())
    }

    /// Returns the variable by which a setting is set, which may be that of a mirrored system; its own name if it is not
    /// set by a variable.
    pub(crate) fn variable_of(&self, variable: &'static Variable) -> &'static str {
        let shown = self.shown.iter().find(|shown| shown.variable == variable);
        match shown.map(|shown| &shown.origin) {
            Some(SettingOrigin::Variable(name)) => name,
            _ => variable.name(),
        }
    }

    /// Returns the name and the target of the mapping of a source, if there is one. It may have the source's text as
    /// written, or its group.
    pub(crate) fn mapping_of<'a>(&self, source: &'a Source) -> Option<(&'a str, &SourcePatch)> {
        let names = [source.origin(), source.group()];
        names.into_iter().find_map(|name| Some((name, self.mapped(name)?)))
    }

    /// Returns the source that is read for this one: that to which the settings map it, in the backend that its text
    /// names. An attribute cannot know the types of `[backends]`, so a text such as `op.vault/item` has no type there.
    pub(crate) fn target_of<'a>(&self, source: &'a Source) -> Cow<'a, Source> {
        let mapped = match self.mapping_of(source) {
            Some((_, patch)) => Cow::Owned(source.with_patch(patch)),
            None => Cow::Borrowed(source),
        };
        if mapped.backend().is_some() {
            return mapped;
        }
        match self.split_exec(mapped.id()) {
            Some((kind, id)) => Cow::Owned(mapped.in_type(kind.clone(), id)),
            None => mapped,
        }
    }

    /// Returns the type of a backend of `[backends]` before the first dot of a text, and the id after it.
    pub(crate) fn split_exec<'t>(&self, text: &'t str) -> Option<(&BackendType, &'t str)> {
        let (kind, id) = text.split_once('.')?;
        Some((&self.exec.iter().find(|exec| exec.kind.as_str() == kind)?.kind, id))
    }

    /// Returns the text of a source, by which a log names it. A source with fields has its id as its text, which several
    /// programs of `[backends]` may have: then the type stands before it, as in the text of a source.
    pub(crate) fn text_of<'a>(&self, source: &'a Source) -> Cow<'a, str> {
        let kind = source.backend().filter(|_| source.origin() == source.id());
        match kind.filter(|kind| self.exec.iter().any(|exec| exec.kind == **kind)) {
            Some(kind) => Cow::Owned(format!("{kind}.{}", source.id())),
            None => Cow::Borrowed(source.origin()),
        }
    }

    /// Returns the programs that print secrets.
    pub(crate) fn exec(&self) -> &[ExecSettings] {
        &self.exec
    }

    /// Returns all mappings, by name.
    pub(crate) fn all_mapped(&self) -> impl Iterator<Item = (&str, &SourcePatch)> {
        self.sources.iter().map(|(name, (source, _))| (name.as_str(), source))
    }

    /// Returns the path of the `secrets.toml` that was read.
    pub(crate) fn config_file(&self) -> Option<&Path> {
        self.config_file.as_deref()
    }

    /// Returns every setting, in the order of [`variables::ALL`], without credentials.
    pub(crate) fn shown(&self) -> &[SettingState] {
        &self.shown
    }
}
