use std::{fmt, sync::Arc};

use secrets_spec::{BackendType, BuiltIn};

#[cfg(feature = "aws")]
use crate::backends::aws::AwsSecretsManager;
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
    settings::Settings,
};

/// The backends of a resolver, by type.
pub(crate) struct Registry {
    backends: Vec<Arc<dyn Backend>>,
    /// So many of them are the user's, which come first.
    #[cfg(feature = "aws")]
    own: usize,
    /// Why there is no `local`: no home folder and no setting that says where else.
    local_unavailable: Option<Problem>,
}

impl Registry {
    /// The user's backends, and each built-in one whose type is not among theirs.
    pub(crate) fn new(own: Vec<Arc<dyn Backend>>, settings: &Settings) -> Self {
        let flyte = Flyte::new(&settings.flyte.dir)
            .with_env_prefix(&settings.flyte.env_prefix)
            .with_file_prefix(&settings.flyte.file_prefix);
        let built_in: Vec<Arc<dyn Backend>> = vec![
            Arc::new(Env::new()),
            Arc::new(File::new(&settings.file.dir)),
            Arc::new(flyte),
            Arc::new(Inline::new()),
            Arc::new(Prefect::of_settings(settings)),
            #[cfg(feature = "aws")]
            Arc::new(AwsSecretsManager::of_settings(settings)),
            #[cfg(feature = "zenml")]
            Arc::new(Zenml::of_settings(settings)),
        ];
        let settings = settings.local.clone();
        let local = settings.dir.and_then(|dir| Ok((dir, settings.key_file?)));
        let (local, local_unavailable): (Option<Arc<dyn Backend>>, _) = match local {
            Ok((dir, key_file)) => (Some(Arc::new(Local::new(dir, key_file))), None),
            Err(error) => (None, error.into_problems().into_iter().next()),
        };
        let mut backends = own;
        #[cfg(feature = "aws")]
        let own = backends.len();
        for backend in local.into_iter().chain(built_in) {
            if !backends.iter().any(|known| known.kind() == backend.kind()) {
                backends.push(backend);
            }
        }
        Self {
            backends,
            #[cfg(feature = "aws")]
            own,
            local_unavailable,
        }
    }

    /// Puts a backend in the place of the built-in one of its type; gives whether there is one. One of the
    /// user's own stays.
    #[cfg(feature = "aws")]
    pub(crate) fn replace_built_in(&mut self, backend: impl Backend) -> bool {
        let mut built_in = self.backends.iter_mut().skip(self.own);
        let place = built_in.find(|known| known.kind() == backend.kind());
        place.map(|place| *place = Arc::new(backend)).is_some()
    }

    /// All of them, the user's first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<dyn Backend>> {
        self.backends.iter()
    }

    /// The backend of this type.
    ///
    /// A built-in type that this build lacks is `NotSupported`; any other that is not registered is
    /// `InvalidConfig`, with those that are.
    pub(crate) fn find(&self, wanted: &BackendType) -> Result<Arc<dyn Backend>, Problem> {
        if let Some(backend) = self.backends.iter().find(|known| known.kind() == wanted.as_str()) {
            return Ok(backend.clone());
        }
        if let Some(local_unavailable) =
            self.local_unavailable.as_ref().filter(|_| wanted.is(BuiltIn::Local))
        {
            return Err(local_unavailable.clone().in_backend(Some(wanted.as_str())));
        }
        let problem = match wanted.built_in() {
            Some(built_in) => {
                Problem::new(ErrorKind::NotSupported, missing_feature_message(built_in))
                    .with_help(missing_feature_help(built_in))
            }
            None => {
                let message = format!("no backend of the type `{wanted}` is registered");
                let kinds = || self.backends.iter().map(|backend| backend.kind());
                let near = secrets_spec::closest(wanted.as_str(), kinds()).map(str::to_owned);
                let registered = kinds().map(str::to_owned).collect();
                Problem::new(ErrorKind::InvalidConfig, message)
                    .with_help_code(HelpCode::RegisterBackend { near, registered })
            }
        };
        Err(problem.in_backend(Some(wanted.as_str())))
    }
}

fn feature(built_in: BuiltIn) -> Option<&'static str> {
    match built_in {
        BuiltIn::AwsSecretsManager => Some("aws"),
        BuiltIn::Zenml => Some("zenml"),
        _ => None,
    }
}

fn missing_feature_message(built_in: BuiltIn) -> String {
    match feature(built_in) {
        Some(feature) => format!(
            "the backend `{built_in}` needs the feature `{feature}` of secrets-runtime, which this build lacks"
        ),
        None => format!("the backend `{built_in}` is not built in yet"),
    }
}

fn missing_feature_help(built_in: BuiltIn) -> String {
    match feature(built_in) {
        Some(feature) => format!(
            "add it in Cargo.toml: secrets-runtime = {{ version = \"..\", features = [\"{feature}\"] }}"
        ),
        None => "use another backend, or implement `Backend` for it".to_owned(),
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.backends.iter().map(|backend| backend.kind())).finish()
    }
}
