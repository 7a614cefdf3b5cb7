use std::{fmt, sync::Arc};

use secrets_spec::{BackendType, BuiltIn};

#[cfg(feature = "aws-agent")]
use crate::backends::aws::agent::AwsAgent;
#[cfg(all(unix, feature = "exec"))]
use crate::backends::exec::Exec;
#[cfg(feature = "kubernetes")]
use crate::backends::kubernetes::Kubernetes;
#[cfg(feature = "vault")]
use crate::backends::vault::Vault;
#[cfg(feature = "zenml")]
use crate::backends::zenml::Zenml;
use crate::{
    backend::Backend,
    backends::{
        env::Env, file::File, flyte::Flyte, inline::Inline, local::Local, prefect::Prefect,
    },
    core::{
        error::{ErrorKind, Problem},
        help_code::HelpCode,
    },
    settings::{
        Settings,
        backends::{aws::AwsTransport, unread_tables::UnreadTables},
    },
};

/// The backends of a resolver, by type.
pub(crate) struct Registry {
    /// The user's backends come first.
    backends: Vec<Arc<dyn Backend>>,
    /// The types that have no backend here, with the reason.
    unavailable: Vec<(BackendType, Problem)>,
    unread_tables: UnreadTables,
}

impl Registry {
    /// Creates a registry of the user's backends and of every built-in backend whose type the user has not
    /// replaced. AWS is added last, since its credentials may be a secret of another backend.
    pub(crate) fn new(own: Vec<Arc<dyn Backend>>, settings: &Settings) -> Self {
        let flyte = Flyte::new(&settings.flyte.dir)
            .with_env_prefix(&settings.flyte.env_prefix)
            .with_file_prefix(&settings.flyte.file_prefix);
        let unread_tables = settings.unread_tables.clone();
        let mut registry = Self { backends: own, unavailable: Vec::new(), unread_tables };
        let local = settings.local.clone();
        let local = local.dir.and_then(|dir| Ok((dir, local.key_file?)));
        match local {
            Ok((dir, key_file)) => {
                registry.add(Local::new(dir, key_file).with_timeout(settings.timeout()));
            }
            // There is no home folder, and no setting names another folder.
            Err(error) => {
                let problem = error.into_problems().into_iter().next();
                let unavailable = problem.map(|problem| (BuiltIn::Local.into(), problem));
                registry.unavailable.extend(unavailable);
            }
        }
        registry.add(Env::new());
        registry.add(File::new(&settings.file.dir));
        registry.add(flyte);
        registry.add(Inline::new());
        registry.add(Prefect::of_settings(settings));
        if settings.aws.transport == AwsTransport::Agent {
            registry.add_agent(settings);
        }
        #[cfg(feature = "kubernetes")]
        registry.add(Kubernetes::of_settings(settings));
        #[cfg(feature = "vault")]
        registry.add(Vault::of_settings(settings));
        #[cfg(feature = "zenml")]
        registry.add(Zenml::of_settings(settings));
        registry.add_exec(settings);
        registry
    }

    /// Adds the backends of the settings' tables.
    #[cfg(all(unix, feature = "exec"))]
    fn add_exec(&mut self, settings: &Settings) {
        settings.exec().iter().for_each(|exec| self.add(Exec::of_settings(exec)));
    }

    #[cfg(not(all(unix, feature = "exec")))]
    fn add_exec(&mut self, settings: &Settings) {
        for exec in settings.exec() {
            let message = format!("the backend `{}` is a program", exec.kind);
            let problem =
                |why: &str| Problem::new(ErrorKind::NotSupported, format!("{message}, {why}"));
            let problem = match cfg!(unix) {
                true => problem("which needs the feature `exec`, and this build lacks it")
                    .with_help_code(HelpCode::BuildWithFeature { feature: "exec", reason: None }),
                false => problem("and programs are run on Unix only")
                    .with_help("read the secret from another backend"),
            };
            self.unavailable.push((exec.kind.clone(), problem));
        }
    }

    /// Adds the backends of AWS through an agent on this machine.
    #[cfg(feature = "aws-agent")]
    fn add_agent(&mut self, settings: &Settings) {
        AwsAgent::of_settings(settings).into_iter().for_each(|backend| self.add(backend));
    }

    /// Records that this build cannot ask the agent of AWS. The SDK is not used instead.
    #[cfg(not(feature = "aws-agent"))]
    fn add_agent(&mut self, _: &Settings) {
        for kind in [BuiltIn::AwsSecretsManager, BuiltIn::Ssm] {
            let message = format!(
                "the backend `{kind}` through an agent (SECRETS_AWS_TRANSPORT) needs the feature `aws-agent`, which this build lacks"
            );
            let help = HelpCode::BuildWithFeature { feature: "aws-agent", reason: None };
            let problem = Problem::new(ErrorKind::NotSupported, message).with_help_code(help);
            self.unavailable.push((kind.into(), problem));
        }
    }

    /// Creates a registry of one backend.
    pub(crate) fn of_one(backend: Arc<dyn Backend>) -> Self {
        let unread_tables = UnreadTables::default();
        Self { backends: vec![backend], unavailable: Vec::new(), unread_tables }
    }

    /// Adds a built-in backend, unless the user has a backend of its type.
    pub(crate) fn add(&mut self, backend: impl Backend) {
        self.unavailable.retain(|(kind, _)| kind.as_str() != backend.kind());
        if !self.has(backend.kind()) {
            self.backends.push(Arc::new(backend));
        }
    }

    /// Sets the reason why a built-in type has no backend, which applies until one is added.
    #[cfg(feature = "aws")]
    pub(crate) fn set_unavailable(&mut self, kind: BuiltIn, why: Problem) {
        self.unavailable.push((kind.into(), why));
    }

    /// Returns whether there is a backend of this type.
    pub(crate) fn has(&self, kind: &str) -> bool {
        self.backends.iter().any(|backend| backend.kind() == kind)
    }

    /// Returns all backends, the user's first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<dyn Backend>> {
        self.backends.iter()
    }

    /// Finds the default backends, in order.
    ///
    /// # Errors
    /// The errors of [`find`](Self::find), with the setting that names the type.
    pub(crate) fn find_defaults(
        &self,
        settings: &Settings,
    ) -> impl Iterator<Item = Result<Arc<dyn Backend>, Problem>> {
        settings.default_backends().iter().map(|wanted| {
            self.find(wanted).map_err(|problem| match settings.origin_of_default_backends() {
                Some(origin) => problem.with_suffix(&format!("(named by {origin})")),
                None => problem,
            })
        })
    }

    /// Finds the backend of this type.
    ///
    /// # Errors
    /// `NotSupported` for a built-in type that this build does not include, and `InvalidConfig` for any other type
    /// that is not registered, with the registered types.
    pub(crate) fn find(&self, wanted: &BackendType) -> Result<Arc<dyn Backend>, Problem> {
        if let Some(backend) = self.backends.iter().find(|known| known.kind() == wanted.as_str()) {
            return Ok(backend.clone());
        }
        if let Some((_, why)) = self.unavailable.iter().find(|(kind, _)| kind == wanted) {
            return Err(why.clone().in_backend(Some(wanted.as_str())));
        }
        let built_in = wanted.built_in();
        let problem = built_in.and_then(not_in_this_build).unwrap_or_else(|| self.unknown(wanted));
        Err(problem.in_backend(Some(wanted.as_str())))
    }

    /// Returns the problem of a type that nobody has registered.
    fn unknown(&self, wanted: &BackendType) -> Problem {
        let message = format!("no backend of the type `{wanted}` is registered");
        let kinds = || self.backends.iter().map(|backend| backend.kind());
        let near = secrets_spec::closest(wanted.as_str(), kinds());
        let meant = BuiltIn::by_nickname(wanted.as_str()).filter(|it| !it.is_reserved());
        let near = near.or(meant.map(BuiltIn::name)).map(str::to_owned);
        let registered = kinds().map(str::to_owned).collect();
        let table = self.unread_tables.help(wanted.as_str());
        let is_unknown = near.is_none() && table.is_none();
        let new_table = is_unknown.then(|| self.unread_tables.place(wanted.as_str()));
        let help =
            HelpCode::RegisterBackend { near, registered, table, new_table: new_table.flatten() };
        Problem::new(ErrorKind::InvalidConfig, message).with_help_code(help)
    }
}

/// Returns the problem of a built-in type that this build does not include; `None` if every build includes it.
fn not_in_this_build(built_in: BuiltIn) -> Option<Problem> {
    let problem = |message| Problem::new(ErrorKind::NotSupported, message);
    if built_in.is_reserved() {
        return Some(
            problem(format!("the backend `{built_in}` is not built in yet"))
                .with_help("use another backend, or implement `Backend` for it"),
        );
    }
    let feature = feature(built_in)?;
    let mut message =
        format!("the backend `{built_in}` needs the feature `{feature}`, which this build lacks");
    if built_in.is_of_aws() && cfg!(feature = "aws-agent") {
        message.push_str("; SECRETS_AWS_TRANSPORT=agent reads it through the AWS agent");
    }
    Some(problem(message).with_help_code(HelpCode::BuildWithFeature { feature, reason: None }))
}

/// Returns the feature with which a build includes this type.
fn feature(built_in: BuiltIn) -> Option<&'static str> {
    match built_in {
        BuiltIn::AwsSecretsManager | BuiltIn::Ssm => Some("aws"),
        BuiltIn::Kubernetes => Some("kubernetes"),
        BuiltIn::Vault => Some("vault"),
        BuiltIn::Zenml => Some("zenml"),
        BuiltIn::Local
        | BuiltIn::Env
        | BuiltIn::File
        | BuiltIn::Inline
        | BuiltIn::Flyte
        | BuiltIn::Prefect
        | BuiltIn::AzKeyVault
        | BuiltIn::GcpSecretManager => None,
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.backends.iter().map(|backend| backend.kind())).finish()
    }
}

#[cfg(test)]
mod tests {
    use secrets_spec::{InlineVars, OPTIONS, OptionKind, OptionScope, OptionValue, Options};

    use super::*;
    use crate::{backend::fetch_request::FetchRequest, resolver::Resolver};

    /// The options that only say how an answer is read: requests that differ in these alone share an answer.
    const READING: [&str; 4] = ["json", "format", "env_var_name", "required"];

    #[test]
    fn a_built_in_type_that_is_not_there_says_why() {
        let registry = Registry::of_one(Arc::new(Inline::new()));
        for built_in in BuiltIn::ALL.iter().filter(|it| **it != BuiltIn::Inline) {
            let problem = registry.find(&(*built_in).into()).expect_err("it is not there");
            let help = problem.help().expect("it says what to do");
            let message = problem.message();
            if built_in.is_reserved() {
                let expected = format!("the backend `{built_in}` is not built in yet");
                assert_eq!(message, expected);
            } else if let Some(feature) = feature(*built_in) {
                let expected = format!(
                    "the backend `{built_in}` needs the feature `{feature}`, which this build lacks"
                );
                let rest = message.strip_prefix(&expected).expect(message);
                let is_agent_known = built_in.is_of_aws() && cfg!(feature = "aws-agent");
                assert_eq!(rest.contains("SECRETS_AWS_TRANSPORT=agent"), is_agent_known, "{rest}");
                assert!(help.contains(&format!("features = [\"{feature}\"]")), "{help}");
            } else {
                let expected = format!("no backend of the type `{built_in}` is registered");
                assert_eq!(message, expected);
            }
        }
    }

    #[test]
    fn each_option_of_a_type_that_selects_an_answer_is_part_of_the_identity() {
        let resolver = Resolver::builder().build().unwrap();
        let mut compared = 0;
        for built_in in BuiltIn::ALL {
            let Ok(backend) = resolver.backend(built_in.name()) else { continue };
            for option in OPTIONS.iter().filter(|it| !READING.contains(&it.name)) {
                let is_of_type = match option.scope {
                    OptionScope::Every => true,
                    OptionScope::Only(types) | OptionScope::IgnoredByOthers(types) => {
                        types.contains(built_in)
                    }
                };
                if !is_of_type {
                    continue;
                }
                let mut options = Options::default();
                options.set(
                    option.name,
                    match option.kind {
                        OptionKind::Flag => OptionValue::Flag(true),
                        OptionKind::Number(numbers) => OptionValue::Number(numbers[0]),
                        OptionKind::Text(_) => OptionValue::Text("eu-north-1".to_owned()),
                        OptionKind::Texts => OptionValue::Texts(InlineVars::default()),
                    },
                );
                let identity = backend.identity(&FetchRequest::new("db", &options));
                let plain = backend.identity(&FetchRequest::named("db"));
                assert_ne!(identity, plain, "{built_in}: {}", option.name);
                compared += 1;
            }
        }
        assert!(compared >= 5, "{compared}");
    }
}
