use secrets_spec::{RoleArn, Source, check_region};

use crate::settings::{
    error::SettingError,
    reader::SettingsReader,
    values::{self, Read},
    variables,
};

/// The settings for `aws-secrets-manager`.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(any(test, feature = "aws")),
    expect(
        dead_code,
        reason = "read and checked in every build; the backend needs the feature `aws`"
    )
)]
pub(crate) struct AwsSettings {
    /// The role to use if neither source, step nor default names one, also after `role = ""`.
    pub(crate) role: Option<RoleArn>,
    /// The region to use if neither an ARN nor the options name one.
    pub(crate) region: Option<String>,
    /// The external id for assuming roles.
    pub(crate) external_id: Option<String>,
    /// The session name for assuming roles.
    pub(crate) session_name: Option<String>,
    /// The source that contains the credentials.
    pub(crate) credentials_from: Option<Source>,
}

impl AwsSettings {
    pub(in crate::settings) fn read(reader: &mut SettingsReader<'_>) -> Self {
        Self {
            role: reader.text(&variables::AWS_ROLE, values::role),
            region: reader.text(&variables::AWS_REGION, region),
            external_id: reader.text(&variables::AWS_EXTERNAL_ID, external_id),
            session_name: reader.text(&variables::AWS_SESSION_NAME, session_name),
            credentials_from: reader.text(&variables::AWS_CREDENTIALS_FROM, credentials_from),
        }
    }
}

fn region(text: &str) -> Read<String> {
    let text = text.trim();
    match check_region(text) {
        None => Ok(text.to_owned()),
        Some(flaw) => Err(vec![SettingError::from(flaw.explain(text)).quoting(text)]),
    }
}

/// Parses the name of a source. A text that assigns or quotes something may be the credentials themselves, and is not
/// quoted.
fn credentials_from(text: &str) -> Read<Source> {
    values::source(text).map_err(|wrongs| {
        let is_shown = |found: &String| !found.contains(['{', '=', '"', '\'', '\n']);
        let hide =
            |wrong: SettingError| SettingError { found: wrong.found.filter(is_shown), ..wrong };
        wrongs.into_iter().map(hide).collect()
    })
}

/// The grammar is that of <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.
fn external_id(text: &str) -> Read<String> {
    sts_name(text, 1224, "_+=,.@:/-", "an external id")
}

/// The grammar is that of <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.
fn session_name(text: &str) -> Read<String> {
    sts_name(text, 64, "_+=,.@-", "a session name")
}

fn sts_name(text: &str, longest: usize, marks: &str, noun: &str) -> Read<String> {
    let good = |c: char| c.is_ascii_alphanumeric() || marks.contains(c);
    if (2..=longest).contains(&text.len()) && text.chars().all(good) {
        return Ok(text.to_owned());
    }
    let help = format!("{noun} has 2 to {longest} of A-Z a-z 0-9 {marks}");
    Err(vec![SettingError::new(format!("it is not {noun}"), help).quoting(text)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_the_place_of_their_source_are_not_quoted() {
        for text in [
            r#"{"AWS_SECRET_ACCESS_KEY": "SeNtInEl"}"#,
            "AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=SeNtInEl",
            "export K='SeNtInEl'",
            "AKIA\nSeNtInEl",
        ] {
            let wrongs = credentials_from(text).expect_err("it is no source");
            assert!(!format!("{wrongs:?}").contains("SeNtInEl"), "{wrongs:?}");
        }
        let wrongs = credentials_from("perfect..keys").expect_err("it is no source");
        assert_eq!(wrongs[0].found.as_deref(), Some("perfect..keys"));
        assert!(credentials_from("prefect.AWS_CREDENTIALS").is_ok());
    }

    #[test]
    fn names_of_sts_have_its_grammar() {
        assert!(
            session_name("a.b@c-1").is_ok()
                && session_name("a b").is_err()
                && session_name("a").is_err()
        );
        assert!(external_id("a:b/c").is_ok() && session_name("a:b").is_err());
        assert!(session_name(&"a".repeat(65)).is_err() && external_id(&"a".repeat(65)).is_ok());
    }
}
