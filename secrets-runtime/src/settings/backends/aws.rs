use secrets_spec::{RoleArn, Source, check_region, closest};

use crate::{
    core::credential::Credential,
    settings::{
        error::SettingError,
        reader::SettingsReader,
        values::{self, Read},
        variables,
    },
};

/// How AWS is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum AwsTransport {
    /// Through the AWS SDK.
    #[default]
    Sdk,
    /// Through an agent on this machine.
    Agent,
}

impl AwsTransport {
    /// Returns the name of the setting.
    #[cfg(test)]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Sdk => "sdk",
            Self::Agent => "agent",
        }
    }
}

/// The settings for `aws-secrets-manager` and `ssm`. `Debug` prints no token.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(any(test, all(feature = "aws", feature = "aws-agent"))),
    expect(
        dead_code,
        reason = "read and checked in every build; the backends need the features `aws` and `aws-agent`"
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
    pub(crate) transport: AwsTransport,
    /// The port of the agent.
    pub(crate) agent_port: Option<u16>,
    /// The token of the agent, or `file://` and the path of its file.
    pub(crate) agent_token: Option<Credential>,
}

impl AwsSettings {
    pub(in crate::settings) fn read(reader: &mut SettingsReader<'_>) -> Self {
        Self {
            role: reader.text(&variables::AWS_ROLE, values::role),
            region: reader.text(&variables::AWS_REGION, region),
            external_id: reader.text(&variables::AWS_EXTERNAL_ID, external_id),
            session_name: reader.text(&variables::AWS_SESSION_NAME, session_name),
            credentials_from: reader.text(&variables::AWS_CREDENTIALS_FROM, credentials_from),
            transport: reader.text(&variables::AWS_TRANSPORT, transport).unwrap_or_default(),
            agent_port: reader.text(&variables::AWS_AGENT_PORT, port),
            agent_token: reader.credential(&variables::AWS_TOKEN),
        }
    }
}

fn transport(text: &str) -> Read<AwsTransport> {
    match text.trim() {
        "sdk" => Ok(AwsTransport::Sdk),
        "agent" => Ok(AwsTransport::Agent),
        other => {
            let help = match closest(other, ["sdk", "agent"]) {
                Some(better) => format!("did you mean {better}?"),
                None => "write sdk or agent".to_owned(),
            };
            Err(vec![SettingError::new("there is no such transport", help).quoting(other)])
        }
    }
}

fn port(text: &str) -> Read<u16> {
    match text.trim().parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => {
            let wrong = SettingError::new("it is not a port", "write a number from 1 to 65535");
            Err(vec![wrong.quoting(text)])
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
    fn a_transport_and_a_port_are_read_whole() {
        assert_eq!(transport(" agent\n").ok(), Some(AwsTransport::Agent));
        for bad in ["Agent", "agents", "http", "sdk,agent"] {
            assert!(transport(bad).is_err(), "{bad}");
        }
        assert_eq!(port("2773").ok(), Some(2773));
        for bad in ["0", "65536", "-1", "+", "port", "1.5"] {
            assert!(port(bad).is_err(), "{bad}");
        }
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
