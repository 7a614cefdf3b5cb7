#[cfg(feature = "aws")]
use std::any::Any;
use std::hash::{Hash, Hasher};

use secrets_spec::{BuiltIn, Options};

use crate::backend::{Backend, owned_request::OwnedRequest};
#[cfg(feature = "aws")]
use crate::backends::aws::AwsSecretsManager;

/// What is kept as one: a secret in one version, read in one way, as one caller sees it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub kind: String,
    pub id: String,
    pub role: Option<String>,
    /// None where an ARN says it, and for the default one.
    pub region: Option<String>,
    version_id: Option<String>,
    version_stage: Option<String>,
    form: Form,
}

/// How the answer is read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Form {
    /// A secret of AWS, whose text is JSON.
    #[cfg(feature = "aws")]
    Json,
    /// A secret of AWS, given whole.
    #[cfg(feature = "aws")]
    Whole,
    /// Of any other backend, as it was asked for.
    CacheIdentity { key: Option<String>, env_var: Option<String>, of_users: OfUsers },
}

/// A backend of a user's own may look at any option, and at a version as it is written; the built-in ones do
/// not.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OfUsers(Option<(Options, Option<String>)>);

impl Hash for OfUsers {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Key {
    pub(super) fn of(backend: &dyn Backend, request: &OwnedRequest) -> Self {
        let view = request.as_request();
        #[cfg(feature = "aws")]
        if (backend as &dyn Any).is::<AwsSecretsManager>() {
            return Self::of_aws(backend.kind(), request);
        }
        let is_ours = BuiltIn::parse(backend.kind()).is_some();
        let of_users = || (request.options.clone(), request.group_version.clone());
        Self {
            kind: backend.kind().to_owned(),
            id: request.id.clone(),
            role: request.role.clone(),
            region: request.options.region.clone(),
            version_id: view.version_id().map(str::to_owned),
            version_stage: view.version_stage().map(str::to_owned),
            form: Form::CacheIdentity {
                key: request.key.clone(),
                env_var: request.env_var.clone(),
                of_users: OfUsers((!is_ours).then(of_users)),
            },
        }
    }

    /// Names, ARNs, requests for a member and an explicit current version of one secret are one.
    #[cfg(feature = "aws")]
    fn of_aws(kind: &str, request: &OwnedRequest) -> Self {
        let view = request.as_request();
        let asked = AwsSecretsManager::asked(&view);
        let is_arn = asked.id.starts_with("arn:");
        Self {
            kind: kind.to_owned(),
            role: request.role.clone(),
            region: asked.region.filter(|_| !is_arn),
            version_id: asked.version_id,
            version_stage: asked.version_stage,
            form: if asked.is_whole { Form::Whole } else { Form::Json },
            id: asked.id,
        }
    }

    /// Which secret it is, whoever reads it: of a request without a group, the key is one.
    pub(super) fn secret(&self) -> &str {
        match &self.form {
            Form::CacheIdentity { key: Some(key), .. } if self.id.is_empty() => key,
            _ => &self.id,
        }
    }

    /// The same secret under another id, in another region.
    pub(super) fn under(&self, id: &str, region: Option<&str>) -> Self {
        Self { id: id.to_owned(), region: region.map(str::to_owned), ..self.clone() }
    }
}
