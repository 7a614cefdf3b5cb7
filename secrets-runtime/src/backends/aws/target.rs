use secrets_spec::{Request, SecretArn};

use crate::{
    backend::{Fetched, fetch_request::FetchRequest, identity::Identity},
    backends::aws::answer::SecretAnswer,
};

/// One secret in one version, as AWS is asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Target {
    /// A name, a full or a partial ARN.
    pub id: String,
    pub version_id: Option<String>,
    pub version_stage: Option<String>,
}

impl Target {
    /// Whether a batch can fetch it: a batch returns current versions only.
    #[cfg(feature = "aws")]
    pub(super) fn is_current(&self) -> bool {
        self.version_id.is_none() && self.version_stage.is_none()
    }
}

/// A request in the terms of AWS.
#[derive(Debug)]
pub(super) struct ParsedRequest {
    pub target: Target,
    pub role: Option<String>,
    /// The region of the ARN, else of the options.
    pub region: Option<String>,
    reading: ReadAs,
}

/// How a text is decoded, unless the source says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadAs {
    Json,
    Text,
}

impl ParsedRequest {
    /// Parses a request. The secret is a source's id; for a request with a key it is the group, whose member the key
    /// names, the key alone where the group is empty, or both together where an ARN is split between them.
    pub(super) fn of(request: &FetchRequest<'_>) -> Self {
        let (id, reading) = match request.key() {
            None => (request.id().to_owned(), ReadAs::Json),
            Some(key) if request.id().is_empty() => (key.to_owned(), ReadAs::Text),
            Some(key) => match split_arn(request.id(), key) {
                Some(arn) => (arn, ReadAs::Text),
                None => (request.id().to_owned(), ReadAs::Json),
            },
        };
        let region = region_of(&id).or_else(|| request.region().map(str::to_owned));
        Self {
            target: Target {
                id,
                version_id: request.version_id().map(str::to_owned),
                version_stage: request.stage_unless_current().map(str::to_owned),
            },
            role: request.role().map(str::to_owned),
            region,
            reading,
        }
    }

    /// The identity of the request: names, ARNs, requests for a member and an explicit current version have the one
    /// of the secret.
    pub(super) fn identity(&self) -> Identity {
        let is_arn = self.target.id.starts_with("arn:");
        self.identity_as(&self.target.id, self.region.as_deref().filter(|_| !is_arn))
    }

    /// The identity that the same request has by another id of the secret. An ARN has no region but its own.
    pub(super) fn identity_as(&self, id: &str, region: Option<&str>) -> Identity {
        let form = (self.reading == ReadAs::Text).then_some("text");
        let Target { version_id, version_stage, .. } = &self.target;
        Identity::new(id).with_scope([self.role.as_deref(), region]).with_selector([
            version_id.as_deref(),
            version_stage.as_deref(),
            form,
        ])
    }

    pub(super) fn read(&self, answer: &SecretAnswer) -> Fetched {
        match self.reading {
            ReadAs::Json => answer.as_json(),
            ReadAs::Text => answer.as_text(),
        }
    }
}

/// The region of an id, if it is an ARN.
pub(super) fn region_of(id: &str) -> Option<String> {
    // The error of another text has a suggestion, which nobody reads here.
    if !id.starts_with("arn:") {
        return None;
    }
    SecretArn::parse(id).ok().map(|arn| arn.region().to_owned())
}

/// Joins the ARN that is split between a group and a key. A group that is a whole ARN, as a setting may have put it in
/// the place of a name, is a secret whose member the key names.
fn split_arn(group: &str, key: &str) -> Option<String> {
    if SecretArn::parse(group).is_ok() {
        return None;
    }
    Request::new(group, key).ok()?.joined_arn()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrets_spec::Options;

    const HEAD: &str = "arn:aws:secretsmanager:us-west-2:123456789012:secret";

    fn wanted(group: &str, key: Option<&str>) -> (String, ReadAs) {
        let options = Options::default();
        let request = FetchRequest::new(group, &options);
        let wanted = ParsedRequest::of(&key.map_or(request, |key| request.with_key(key)));
        (wanted.target.id, wanted.reading)
    }

    #[test]
    fn a_group_and_a_key_name_a_secret() {
        let whole = (format!("{HEAD}:db-AbCdEf"), ReadAs::Text);
        assert_eq!(wanted(&format!("{HEAD}:"), Some("db-AbCdEf")), whole);
        assert_eq!(wanted(HEAD, Some("db-AbCdEf")), whole);
        assert_eq!(wanted(HEAD, Some(":db-AbCdEf")), whole);
        assert_eq!(wanted("db", Some("password")), ("db".to_owned(), ReadAs::Json));
        assert_eq!(wanted("", Some("token")), ("token".to_owned(), ReadAs::Text));
        assert_eq!(wanted("db", None), ("db".to_owned(), ReadAs::Json));
        let full = format!("{HEAD}:db-AbCdEf");
        assert_eq!(wanted(&full, Some("password")), (full.clone(), ReadAs::Json));
    }

    #[test]
    fn the_region_is_the_arns_then_the_options() {
        let mut options = Options::default();
        options.region = Some("eu-west-1".to_owned());
        let arn = format!("{HEAD}:db");
        let region = |id| ParsedRequest::of(&FetchRequest::new(id, &options)).region;
        assert_eq!(region(&arn).as_deref(), Some("us-west-2"));
        assert_eq!(region("db").as_deref(), Some("eu-west-1"));
        let split = FetchRequest::new(HEAD, &options).with_key("db");
        assert_eq!(ParsedRequest::of(&split).region.as_deref(), Some("us-west-2"));
    }

    #[cfg(feature = "aws")]
    #[test]
    fn an_explicit_current_version_is_the_current_version() {
        let mut options = Options::default();
        options.version_stage = Some("AWSCURRENT".to_owned());
        assert!(ParsedRequest::of(&FetchRequest::new("db", &options)).target.is_current());
        options.version_stage = Some("AWSPREVIOUS".to_owned());
        assert!(!ParsedRequest::of(&FetchRequest::new("db", &options)).target.is_current());
    }
}
