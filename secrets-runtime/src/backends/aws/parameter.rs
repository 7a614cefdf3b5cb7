//! Parameters of AWS Systems Manager: what is asked for, and what is answered.

use secrets_spec::{ParameterId, parameter_of_request};

use crate::{
    backend::{Fetched, fetch_request::FetchRequest, identity::Identity},
    core::{
        error::{Error, ErrorKind},
        secret_value::SecretValue,
    },
    payload::json::{self, Json, form::Form},
};

/// What AWS is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum ParameterTarget {
    /// A parameter, by its name or ARN, with its version or label behind a colon.
    One(String),
    /// The parameters directly below a path.
    Set(String),
}

/// A request in the terms of AWS Systems Manager.
#[derive(Debug, Clone)]
pub(super) struct ParameterRequest {
    /// The id as a source has it.
    pub id: String,
    pub target: ParameterTarget,
    pub role: Option<String>,
    /// The region of the ARN, else of the options.
    pub region: Option<String>,
    /// Whether a text is a JSON object, of which a request names a member.
    is_object: bool,
}

impl ParameterRequest {
    /// Parses a request. The parameter is a source's id; for a request with a key it is the group, whose member the key
    /// names, or the key alone where the group is empty.
    ///
    /// # Errors
    /// `InvalidSource` if that is not the id of a parameter; `NotSupported` if a version is asked for other than behind the
    /// name, or by a request's `group_version`.
    pub(super) fn of(request: &FetchRequest<'_>) -> Result<Self, Error> {
        let versions = [request.version_id(), request.stage_unless_current()];
        if versions.into_iter().flatten().any(|it| request.group_version() != Some(it)) {
            let message = "the version of a parameter is part of its id";
            return Err(Error::new(ErrorKind::NotSupported, message).with_help(
                "write NAME:VERSION or NAME:LABEL, and remove version_id and version_stage",
            ));
        }
        let name = match request.key() {
            None => request.id().to_owned(),
            Some(key) => parameter_of_request(request.id(), key),
        };
        let id = match request.group_version() {
            Some(version) => format!("{name}:{version}"),
            None => name,
        };
        let parsed = ParameterId::parse(&id).map_err(|error| {
            Error::new(ErrorKind::InvalidSource, error.message())
                .with_help(error.help().unwrap_or("write the name of a parameter"))
        })?;
        let target = match parsed.set_path() {
            Some(path) => ParameterTarget::Set(path.to_owned()),
            None => ParameterTarget::One(id.clone()),
        };
        let region = parsed.region().or(request.region());
        Ok(Self {
            target,
            role: request.role().map(str::to_owned),
            region: region.map(str::to_owned),
            is_object: request.key().is_some_and(|_| !request.id().is_empty()),
            id,
        })
    }

    /// The identity of the request. An ARN has no region but its own.
    pub(super) fn identity(&self) -> Identity {
        let region = self.region.as_deref().filter(|_| !self.id.starts_with("arn:"));
        let form = self.is_object.then_some("object");
        Identity::new(&self.id).with_scope([self.role.as_deref(), region]).with_selector([form])
    }

    /// Returns the answer to the request, from that of AWS to a parameter.
    pub(super) fn read(&self, answer: &ParameterAnswer) -> Fetched {
        let value = answer.value.clone();
        let fetched = if self.is_object { Fetched::json(value) } else { Fetched::text(value) };
        let fetched = fetched.with_name(&answer.name).with_identity(self.identity());
        match &answer.version {
            Some(version) => fetched.with_version(version),
            None => fetched,
        }
    }
}

/// A parameter as AWS returned it.
#[derive(Debug, Clone)]
pub(super) struct ParameterAnswer {
    pub name: String,
    pub arn: String,
    /// The version or the label by which it was asked for, behind a colon.
    selector: Option<String>,
    version: Option<String>,
    pub value: SecretValue,
}

impl ParameterAnswer {
    /// Reads the JSON of a parameter. `None` if it is not one with a value.
    pub(super) fn read(parameter: &Json) -> Option<Self> {
        let members = json::object(&parameter.value).ok()?;
        let member = |name: &str, form: Form| {
            let found = members.iter().find(|(known, _)| known == name);
            found.map(|(_, json)| json).filter(|json| json.form == form)
        };
        // All of these but the value are names and numbers.
        let text = |name: &str, form: Form| {
            member(name, form).and_then(|json| json.value.expose_str().ok()).map(str::to_owned)
        };
        Some(Self {
            name: text("Name", Form::Text)?,
            arn: text("ARN", Form::Text).unwrap_or_default(),
            selector: text("Selector", Form::Text).filter(|selector| !selector.is_empty()),
            version: text("Version", Form::Number),
            value: member("Value", Form::Text)?.value.clone(),
        })
    }

    /// Whether it is the answer to a request for this parameter, in this role. A name is looked for in the account of the
    /// role.
    pub(super) fn is_about(&self, id: &ParameterId<'_>, role: Option<&str>) -> bool {
        let is_selected = match (id.selector(), &self.selector) {
            (None, selector) => selector.is_none(),
            (Some(wanted), Some(selector)) => selector.strip_prefix(':') == Some(wanted),
            // A label without an answer to it cannot be compared.
            (Some(wanted), None) => {
                !wanted.starts_with(|c: char| c.is_ascii_digit())
                    || self.version.as_deref() == Some(wanted)
            }
        };
        let arn = ParameterId::parse(&self.arn).ok();
        if id.is_arn() {
            return is_selected && (self.arn == id.name() || self.name == id.name());
        }
        let account = role.and_then(|role| role.split(':').nth(4));
        let is_account = account.is_none_or(|it| self.arn.split(':').nth(4) == Some(it));
        let is_named = arn.is_some_and(|arn| arn.resource() == id.resource());
        is_selected && is_account && is_named && self.name == id.name()
    }

    /// Returns the part of the name directly below a path; `None` if it is not there.
    #[cfg(feature = "aws")]
    pub(super) fn field_below(&self, path: &str) -> Option<&str> {
        let path = path.trim_matches('/');
        let name = self.name.strip_prefix('/').unwrap_or(&self.name);
        let field = match path {
            "" => name,
            path => name.strip_prefix(path)?.strip_prefix('/')?,
        };
        (!field.is_empty() && !field.contains('/')).then_some(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:ssm:us-east-1:123456789012:parameter";

    fn parsed(group: &str, key: Option<&str>, version: Option<&str>) -> Option<(String, bool)> {
        let request = FetchRequest::named(group).with_group_version(version);
        let request = key.map_or(request, |key| request.with_key(key));
        let parsed = ParameterRequest::of(&request).ok()?;
        Some((parsed.id, parsed.is_object))
    }

    #[test]
    fn a_group_and_a_key_name_a_parameter() {
        for (group, key, version, id, is_object) in [
            ("/prod/db", None, None, "/prod/db", false),
            ("db", Some("password"), None, "db", true),
            ("prod/db", Some("password"), None, "/prod/db", true),
            ("app/db", Some("password"), None, "/app/db", true),
            ("", Some("token"), None, "token", false),
            ("db", Some("password"), Some("3"), "db:3", true),
            ("db", Some("password"), Some("live"), "db:live", true),
            ("prod/db/*", Some("password"), None, "/prod/db/*", true),
        ] {
            let found = parsed(group, key, version);
            assert_eq!(found, Some((id.to_owned(), is_object)), "{group} {key:?} {version:?}");
        }
        assert_eq!(parsed("db:2", Some("password"), Some("3")), None);
        assert_eq!(parsed("", Some("a b"), None), None);
    }

    #[test]
    fn a_version_that_is_not_behind_the_name_is_refused() {
        let db = FetchRequest::named("db");
        let versioned = db.with_key("k").with_group_version(Some("3"));
        for request in [
            db.with_version_id("3"),
            db.with_version_stage("live"),
            FetchRequest::named("db:3").with_version_id("3"),
            FetchRequest::named("/db/*").with_version_stage("AWSPREVIOUS"),
            db.with_version_stage("AWSCURRENT").with_version_id("3"),
            // Of the options, beside the group's.
            versioned.with_version_id("4"),
        ] {
            let error = ParameterRequest::of(&request).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotSupported, "{request:?}");
            assert!(error.problems()[0].help().unwrap().contains("NAME:VERSION"), "{error}");
        }
        for request in [db, db.with_version_stage("AWSCURRENT"), versioned] {
            assert!(ParameterRequest::of(&request).is_ok(), "{request:?}");
        }
    }

    #[test]
    fn the_region_is_the_arns_then_the_options() {
        let region = |id: &str| {
            let request = FetchRequest::named(id).with_region("eu-west-1");
            ParameterRequest::of(&request).unwrap().region
        };
        assert_eq!(region(&format!("{ARN}/db")).as_deref(), Some("us-east-1"));
        assert_eq!(region("db").as_deref(), Some("eu-west-1"));
    }

    fn answer(json: &str) -> Option<ParameterAnswer> {
        ParameterAnswer::read(&Json { form: Form::Object, value: SecretValue::from(json) })
    }

    fn answered(name: &str, resource: &str, selector: Option<&str>) -> ParameterAnswer {
        let selector = selector.map(|it| format!(r#""Selector":"{it}","#)).unwrap_or_default();
        let json = format!(
            r#"{{"Name":"{name}","ARN":"{ARN}{resource}",{selector}"Version":2,"Type":"String","Value":"SeNtInEl"}}"#
        );
        answer(&json).unwrap()
    }

    #[test]
    fn an_answer_about_another_parameter_is_noticed() {
        let (role, other) =
            ("arn:aws:iam::123456789012:role/r", "arn:aws:iam::999999999999:role/r");
        let is_about = |answer: &ParameterAnswer, id: &str, role: Option<&str>| {
            answer.is_about(&ParameterId::parse(id).unwrap(), role)
        };
        let one = answered("/prod/db", "/prod/db", None);
        for id in ["/prod/db", "/prod/db:2", "/prod/db:live", &format!("{ARN}/prod/db")] {
            assert!(is_about(&one, id, None) && is_about(&one, id, Some(role)), "{id}");
        }
        for id in ["/prod/dc", "db", "/prod/db:3", &format!("{ARN}/prod/dc")] {
            assert!(!is_about(&one, id, None), "{id}");
        }
        assert!(!is_about(&one, "/prod/db", Some(other)));
        assert!(is_about(&one, &format!("{ARN}/prod/db"), Some(other)));
        assert!(!is_about(&answered("/prod/db", "/prod/dc", None), "/prod/db", None));
        let labelled = answered("db", "/db", Some(":live"));
        assert!(is_about(&labelled, "db:live", None) && !is_about(&labelled, "db:next", None));
        // A version or a label is not the answer to a name alone.
        for selector in [":live", ":2"] {
            let selected = answered("/prod/db", "/prod/db", Some(selector));
            for id in ["/prod/db", &format!("{ARN}/prod/db")] {
                assert!(!is_about(&selected, id, None), "{id} {selector}");
            }
        }
        // One that another account shares has its ARN as its name.
        let shared = answered(&format!("{ARN}/db"), "/db", None);
        assert!(is_about(&shared, &format!("{ARN}/db"), None));
    }

    #[test]
    fn what_is_no_parameter_is_not_read() {
        for json in ["{}", r#"{"Name":"a"}"#, r#"{"Name":"a","Value":1}"#, "[]", r#"{"Value":"x"}"#]
        {
            assert!(answer(json).is_none(), "{json}");
        }
    }

    #[cfg(feature = "aws")]
    #[test]
    fn a_field_of_a_set_is_directly_below_its_path() {
        let field = |name: &str, path: &str| {
            let below = answered(name, name, None);
            below.field_below(path).map(str::to_owned)
        };
        assert_eq!(field("/prod/db/user", "/prod/db").as_deref(), Some("user"));
        assert_eq!(field("/db", "/").as_deref(), Some("db"));
        assert_eq!(field("db", "/").as_deref(), Some("db"));
        for name in ["/prod/db", "/prod/db/a/b", "/prod/dbx/user", "/prod/db/", "/other"] {
            assert_eq!(field(name, "/prod/db"), None, "{name}");
        }
    }
}
