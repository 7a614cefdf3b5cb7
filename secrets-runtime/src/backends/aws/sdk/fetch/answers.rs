//! The answers of the SDK.

use aws_sdk_secretsmanager::{
    operation::get_secret_value::GetSecretValueOutput, types::SecretValueEntry,
};

use crate::backends::aws::{
    answer::{SecretAnswer, is_of},
    sdk::error::AwsFailure,
};

impl SecretAnswer {
    /// Returns what a batch says about one of its ids, if it says anything. A failure names the very id, so it counts
    /// before any answer: an answer of this name is then the secret of another account.
    pub(super) fn of_batch<'a>(
        id: &str,
        ids: &[String],
        answers: &'a [Self],
        failures: &'a [(String, AwsFailure)],
    ) -> Option<Result<&'a Self, &'a AwsFailure>> {
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
    fn find<'a>(answers: &'a [Self], id: &str, ids: &[String]) -> Option<&'a Self> {
        let is_asked_by_arn = |answer: &Self| {
            ids.iter()
                .any(|other| *other != answer.name() && is_of(answer.name(), answer.arn(), other))
        };
        let mut found = answers.iter().filter(|answer| is_of(answer.name(), answer.arn(), id));
        let first = found.clone().next()?;
        if id != first.name() {
            return Some(first);
        }
        let by_name = found.clone().find(|answer| !is_asked_by_arn(answer));
        by_name.or_else(|| found.all(|answer| answer.arn() == first.arn()).then_some(first))
    }
}

impl From<SecretValueEntry> for SecretAnswer {
    fn from(entry: SecretValueEntry) -> Self {
        Self::new(
            entry.name.unwrap_or_default(),
            entry.arn.unwrap_or_default(),
            entry.version_id.unwrap_or_default(),
            entry.secret_string.map(Into::into),
            entry.secret_binary.map(|bytes| bytes.into_inner().into()),
        )
    }
}

impl From<GetSecretValueOutput> for SecretAnswer {
    fn from(output: GetSecretValueOutput) -> Self {
        Self::new(
            output.name.unwrap_or_default(),
            output.arn.unwrap_or_default(),
            output.version_id.unwrap_or_default(),
            output.secret_string.map(Into::into),
            output.secret_binary.map(|bytes| bytes.into_inner().into()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(account: &str, name: &str) -> SecretAnswer {
        let arn = format!("arn:aws:secretsmanager:us-east-1:{account}:secret:{name}-x1Y2z3");
        SecretAnswer::new(name.to_owned(), arn, "1".to_owned(), None, None)
    }

    #[test]
    fn a_name_is_not_answered_by_the_secret_of_another_account() {
        let (own, other) = (answer("111111111111", "db"), answer("222222222222", "db"));
        let partial = other.arn().strip_suffix("-x1Y2z3").unwrap().to_owned();
        for arn in [other.arn().to_owned(), partial] {
            let ids = ["db".to_owned(), arn.clone()];
            for answers in [[own.clone(), other.clone()], [other.clone(), own.clone()]] {
                let found = |id| SecretAnswer::find(&answers, id, &ids).map(|it| it.arn());
                assert_eq!((found("db"), found(&arn)), (Some(own.arn()), Some(other.arn())));
            }
            // AWS merges the answers to a name and to the ARN of one secret.
            let answers = [own.clone()];
            let ids = ["db".to_owned(), own.arn().to_owned()];
            assert!(SecretAnswer::find(&answers, "db", &ids).is_some());
        }
    }

    #[test]
    fn a_failure_counts_before_the_answer_of_another_account() {
        let other = answer("222222222222", "db");
        let ids = ["db".to_owned(), other.arn().to_owned()];
        let failures = [("db".to_owned(), AwsFailure::of_item("ResourceNotFoundException", None))];
        let answers = [other.clone()];
        let of_batch = |id| SecretAnswer::of_batch(id, &ids, &answers, &failures);
        assert!(matches!(of_batch("db"), Some(Err(_))));
        assert!(matches!(of_batch(other.arn()), Some(Ok(_))));
    }

    #[test]
    fn a_name_is_not_answered_by_one_of_two_secrets_that_are_asked_for_by_their_arns() {
        let answers = [answer("111111111111", "db"), answer("222222222222", "db")];
        let [one, other] = &answers;
        let ids = ["db".to_owned(), one.arn().to_owned(), other.arn().to_owned()];
        assert!(SecretAnswer::find(&answers, "db", &ids).is_none());
    }
}
