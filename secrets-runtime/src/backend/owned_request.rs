use secrets_spec::Options;

use crate::backend::fetch_request::FetchRequest;

/// What a backend is asked for, kept as long as the answer is waited for or kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnedRequest {
    pub id: String,
    pub key: Option<String>,
    pub group_version: Option<String>,
    /// The variable in which a platform may give the value.
    pub env_var: Option<String>,
    pub role: Option<String>,
    pub options: Options,
}

impl OwnedRequest {
    /// As a backend takes it.
    pub(crate) fn as_request(&self) -> FetchRequest<'_> {
        let request = FetchRequest::new(&self.id, &self.options)
            .with_role(self.role.as_deref())
            .with_group_version(self.group_version.as_deref())
            .with_env_var(self.env_var.as_deref());
        match &self.key {
            Some(key) => request.with_key(key),
            None => request,
        }
    }
}
