use secrets_spec::SecretArn;

use crate::{backend::Fetched, core::secret_value::SecretValue};

/// A secret as AWS returned it.
#[derive(Debug, Clone)]
pub(super) struct SecretAnswer {
    name: String,
    arn: String,
    version: String,
    /// `None` if the version has no value.
    payload: Option<Payload>,
}

#[derive(Debug, Clone)]
enum Payload {
    Text(SecretValue),
    Binary(SecretValue),
}

impl SecretAnswer {
    /// Creates an answer. The buffers become its values without a copy: they are wiped when the value is dropped.
    pub(super) fn new(
        name: String,
        arn: String,
        version: String,
        string: Option<SecretValue>,
        binary: Option<SecretValue>,
    ) -> Self {
        let binary = binary.filter(|bytes| !bytes.is_empty()).map(Payload::Binary);
        Self { name, arn, version, payload: string.map(Payload::Text).or(binary) }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn arn(&self) -> &str {
        &self.arn
    }

    /// Whether it is the answer to a request for this secret and version, in this role.
    pub(super) fn is_about(&self, id: &str, version: Option<&str>, role: Option<&str>) -> bool {
        let is_version = version.is_none_or(|version| version == self.version);
        is_version && is_about(&self.name, &self.arn, id, role)
    }

    /// Whether it has a value at all.
    pub(super) fn has_value(&self) -> bool {
        self.payload.is_some()
    }

    pub(super) fn as_json(&self) -> Fetched {
        self.fetched(Fetched::json)
    }

    pub(super) fn as_text(&self) -> Fetched {
        self.fetched(Fetched::text)
    }

    fn fetched(&self, of_text: fn(SecretValue) -> Fetched) -> Fetched {
        let fetched = match &self.payload {
            Some(Payload::Text(value)) => of_text(value.clone()),
            Some(Payload::Binary(value)) => Fetched::binary(value.clone()),
            None => Fetched::binary(Vec::new()),
        };
        fetched.with_name(self.name.clone()).with_version(self.version.clone())
    }
}

/// Whether an answer to a request for one secret is about this secret, in this role: its name, its whole ARN or the
/// ARN without its suffix. The name and the ARN of the answer must fit each other. A name is looked for in the account
/// of the role.
pub(super) fn is_about(name: &str, arn: &str, id: &str, role: Option<&str>) -> bool {
    let Ok(answered) = SecretArn::parse(arn) else { return false };
    let resource = answered.resource_name();
    let is_named = resource == name || without_suffix(resource) == Some(name);
    if is_arn(id) {
        return is_named && is_of(name, arn, id);
    }
    let account = role.and_then(|role| role.split(':').nth(4));
    name == id && is_named && account.is_none_or(|account| account == answered.account())
}

pub(super) fn is_of(name: &str, arn: &str, id: &str) -> bool {
    let is_partial = || is_arn(id) && Some(id) == without_suffix(arn);
    id == name || id == arn || is_partial()
}

/// Returns whether an id is an ARN. A batch compares each id with each answer, and most ids are names.
fn is_arn(id: &str) -> bool {
    id.starts_with("arn:") && SecretArn::parse(id).is_ok()
}

/// Returns the ARN without the hyphen and the six characters that AWS appends; `None` if it does not end like that.
pub(super) fn without_suffix(arn: &str) -> Option<&str> {
    let (start, suffix) = arn.rsplit_once('-')?;
    let is_suffix = suffix.len() == 6 && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_suffix.then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_about_another_secret_is_noticed() {
        let arn = |account: &str, end: &str| {
            format!("arn:aws:secretsmanager:us-east-1:{account}:secret:{end}")
        };
        let (one, other) = ("111111111111", "222222222222");
        let (full, partial) = (arn(one, "a/db-x1Y2z3"), arn(one, "a/db"));
        let role = |account: &str| format!("arn:aws:iam::{account}:role/r");
        for id in ["a/db", &full, &partial] {
            assert!(is_about("a/db", &full, id, None), "{id}");
            for (name, answered) in [
                ("db", arn(one, "db-x1Y2z3")),
                ("a/db", arn(one, "db-x1Y2z3")),
                ("a/db", String::new()),
                ("", arn(one, "a/db-a/db-x")),
                ("db", full.clone()),
                ("a/db-x1", full.clone()),
            ] {
                assert!(!is_about(name, &answered, id, None), "{id}: {name} {answered}");
            }
        }
        assert!(!is_about("a/db", &arn(other, "a/db-x1Y2z3"), &full, None));
        assert!(!is_about("a/db", &arn(other, "a/db-x1Y2z3"), &partial, None));
        assert!(!is_about("a/dc", &full, "a/db", None) && !is_about("a/db", &full, "a/dc", None));
        // A role finds names in its own account, and ARNs in any.
        assert!(is_about("a/db", &full, "a/db", Some(&role(one))));
        assert!(!is_about("a/db", &full, "a/db", Some(&role(other))));
        assert!(is_about("a/db", &full, &full, Some(&role(other))));
    }

    #[test]
    fn an_answer_is_found_by_name_and_by_full_and_partial_arn() {
        let head = "arn:aws:secretsmanager:us-east-1:123456789012:secret:";
        let full = format!("{head}a/db-x1Y2z3");
        for id in ["a/db", &full, &format!("{head}a/db")] {
            assert!(is_of("a/db", &full, id), "{id}");
        }
        for id in ["db", "a/d", "a/db-x1Y2z3", &format!("{head}a/d"), head] {
            assert!(!is_of("a/db", &full, id), "{id}");
        }
        // A name that ends as an ARN does.
        let full = format!("{head}db-abcdef-x1Y2z3");
        assert!(is_of("db-abcdef", &full, &format!("{head}db-abcdef")));
        assert!(!is_of("db-abcdef", &full, &format!("{head}db")));
    }
}
