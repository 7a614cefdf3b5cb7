use std::{fs, path::Path};

use zeroize::Zeroizing;

use crate::{
    core::{
        credential::Credential,
        error::{Error, ErrorKind},
        escape::escape_controls,
        secret_value::SecretValue,
    },
    settings::backends::aws::AwsSettings,
};

/// Where the agents' own installation puts the token.
const FILE: &str = "/var/run/awssmatoken";

/// What an agent asks for, so that only programs which may read it are served.
pub(super) struct AgentToken {
    value: TokenSource,
    /// Where it is set.
    pub origin: String,
}

enum TokenSource {
    Text(Credential),
    /// It is read at each request: an agent that starts again has another.
    File(String),
}

impl AgentToken {
    pub(super) fn of(settings: &AwsSettings) -> Self {
        let Some(token) = &settings.agent_token else {
            return Self { value: TokenSource::File(FILE.to_owned()), origin: FILE.to_owned() };
        };
        let origin = token.origin().to_owned();
        // To find out whether it is the path of a file.
        match token.value().expose_str().ok().and_then(|text| text.strip_prefix("file://")) {
            Some(path) => {
                let value = TokenSource::File(path.to_owned());
                Self { value, origin: format!("{} ({origin})", escape_controls(path.to_owned())) }
            }
            None => Self { value: TokenSource::Text(token.clone()), origin },
        }
    }

    /// Returns the token, as it is sent.
    ///
    /// # Errors
    /// `InvalidConfig` if its file cannot be read, or if it is empty or has a character that no token has.
    pub(super) fn read(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let wrong = |message: String| {
            Error::new(ErrorKind::InvalidConfig, message).with_help(
                "set AWS_TOKEN to the token of the agent, or to file:// and the path of its file, which the group of the agent may read",
            )
        };
        let token = match &self.value {
            // The blanks around it are left out, as those in a file.
            TokenSource::Text(token) => {
                let text = token.value().expose_bytes().trim_ascii().to_vec();
                Credential::new(SecretValue::from(text), token.origin())
            }
            TokenSource::File(path) => {
                let bytes = fs::read(path).map(Zeroizing::new).map_err(|error| {
                    let path = escape_controls(path.clone());
                    wrong(format!("the token of the AWS agent cannot be read from {path}: {error}"))
                })?;
                Credential::of_file(&bytes, Path::new(path))
            }
        };
        if token.value().is_empty() {
            return Err(wrong(format!("the token of the AWS agent is empty: {}", self.origin)));
        }
        Ok(Zeroizing::new(token.header("the token of the AWS agent")?.to_vec()))
    }
}
