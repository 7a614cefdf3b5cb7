#[cfg(feature = "aws")]
use std::sync::Arc;

#[cfg(feature = "aws")]
use aws_sdk_secretsmanager::{
    operation::get_secret_value::GetSecretValueOutput, types::SecretValueEntry,
};
use secrets_spec::SecretArn;

#[cfg(feature = "aws")]
use crate::backends::aws::error::AwsFailure;
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
    /// Creates the answer of an agent.
    #[cfg(feature = "aws-agent")]
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

    /// Returns what a batch says about one of its ids, if it says anything. A failure names the very id, so it counts
    /// before any answer: an answer of this name is then the secret of another account.
    #[cfg(feature = "aws")]
    pub(super) fn of_batch<'a>(
        id: &str,
        ids: &[String],
        answers: &'a [Arc<Self>],
        failures: &'a [(String, AwsFailure)],
    ) -> Option<Result<&'a Arc<Self>, &'a AwsFailure>> {
        match failures.iter().find(|(failed, _)| failed == id) {
            Some((_, failure)) => Some(Err(failure)),
            None => Self::find(answers, id, ids).map(Ok),
        }
    }

    /// Finds the answer to one of the ids of a batch, for which the batch has no failure.
    ///
    /// Secrets of two accounts may have one name. So a name is answered by a secret that the batch does not ask for
    /// by its ARN, if there is one. If there is none, AWS has merged the answers to the name and to the ARN: then
    /// there is one secret of this name.
    #[cfg(feature = "aws")]
    fn find<'a>(answers: &'a [Arc<Self>], id: &str, ids: &[String]) -> Option<&'a Arc<Self>> {
        let is_asked_by_arn = |answer: &Arc<Self>| {
            ids.iter().any(|other| *other != answer.name && is_of(&answer.name, &answer.arn, other))
        };
        let mut found = answers.iter().filter(|answer| is_of(&answer.name, &answer.arn, id));
        let first = found.clone().next()?;
        if id != first.name {
            return Some(first);
        }
        let by_name = found.clone().find(|answer| !is_asked_by_arn(answer));
        by_name.or_else(|| found.all(|answer| answer.arn == first.arn).then_some(first))
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

fn is_of(name: &str, arn: &str, id: &str) -> bool {
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

/// Takes over the SDK's buffers without a copy: they are wiped when the value is dropped.
#[cfg(feature = "aws")]
fn payload(string: Option<String>, binary: Option<Vec<u8>>) -> Option<Payload> {
    match (string, binary) {
        (Some(text), _) => Some(Payload::Text(text.into())),
        (None, Some(bytes)) if !bytes.is_empty() => Some(Payload::Binary(bytes.into())),
        _ => None,
    }
}

#[cfg(feature = "aws")]
impl From<SecretValueEntry> for SecretAnswer {
    fn from(entry: SecretValueEntry) -> Self {
        Self {
            name: entry.name.unwrap_or_default(),
            arn: entry.arn.unwrap_or_default(),
            version: entry.version_id.unwrap_or_default(),
            payload: payload(entry.secret_string, entry.secret_binary.map(Into::into)),
        }
    }
}

#[cfg(feature = "aws")]
impl From<GetSecretValueOutput> for SecretAnswer {
    fn from(output: GetSecretValueOutput) -> Self {
        Self {
            name: output.name.unwrap_or_default(),
            arn: output.arn.unwrap_or_default(),
            version: output.version_id.unwrap_or_default(),
            payload: payload(output.secret_string, output.secret_binary.map(Into::into)),
        }
    }
}

#[cfg(all(test, feature = "aws"))]
mod tests {
    use super::*;

    fn answer(account: &str, name: &str) -> Arc<SecretAnswer> {
        Arc::new(SecretAnswer {
            name: name.to_owned(),
            arn: format!("arn:aws:secretsmanager:us-east-1:{account}:secret:{name}-x1Y2z3"),
            version: "1".to_owned(),
            payload: None,
        })
    }

    #[test]
    fn a_name_is_not_answered_by_the_secret_of_another_account() {
        let (own, other) = (answer("111111111111", "db"), answer("222222222222", "db"));
        let partial = other.arn.strip_suffix("-x1Y2z3").unwrap().to_owned();
        for arn in [other.arn.clone(), partial] {
            let ids = ["db".to_owned(), arn.clone()];
            for answers in [[own.clone(), other.clone()], [other.clone(), own.clone()]] {
                let found = |id| SecretAnswer::find(&answers, id, &ids).map(|it| it.arn());
                assert_eq!((found("db"), found(&arn)), (Some(own.arn()), Some(other.arn())));
            }
            // AWS merges the answers to a name and to the ARN of one secret.
            let answers = [own.clone()];
            let ids = ["db".to_owned(), own.arn.clone()];
            assert!(SecretAnswer::find(&answers, "db", &ids).is_some());
        }
    }

    #[test]
    fn a_failure_counts_before_the_answer_of_another_account() {
        let other = answer("222222222222", "db");
        let ids = ["db".to_owned(), other.arn.clone()];
        let failures = [("db".to_owned(), AwsFailure::of_item("ResourceNotFoundException", None))];
        let answers = [other.clone()];
        let of_batch = |id| SecretAnswer::of_batch(id, &ids, &answers, &failures);
        assert!(matches!(of_batch("db"), Some(Err(_))));
        assert!(matches!(of_batch(&other.arn), Some(Ok(_))));
    }

    #[test]
    fn a_name_is_not_answered_by_one_of_two_secrets_that_are_asked_for_by_their_arns() {
        let answers = [answer("111111111111", "db"), answer("222222222222", "db")];
        let [one, other] = &answers;
        let ids = ["db".to_owned(), one.arn.clone(), other.arn.clone()];
        assert!(SecretAnswer::find(&answers, "db", &ids).is_none());
    }

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
