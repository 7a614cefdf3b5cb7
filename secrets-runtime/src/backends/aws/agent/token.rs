use std::fs;

use zeroize::Zeroizing;

use crate::{
    core::{
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
    Text(SecretValue),
    /// It is read at each request: an agent that starts again has another.
    File(String),
}

impl AgentToken {
    pub(super) fn of(settings: &AwsSettings, origin: String) -> Self {
        let Some(token) = &settings.agent_token else {
            return Self { value: TokenSource::File(FILE.to_owned()), origin: FILE.to_owned() };
        };
        // To find out whether it is the path of a file.
        match token.expose_str().ok().and_then(|text| text.strip_prefix("file://")) {
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
    /// `InvalidConfig` if its file cannot be read, or is empty.
    pub(super) fn read(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let wrong = |message: String| {
            Error::new(ErrorKind::InvalidConfig, message).with_help(
                "set AWS_TOKEN to the token of the agent, or to file:// and the path of its file, which the group of the agent may read",
            )
        };
        let bytes = match &self.value {
            // It is sent as a header.
            TokenSource::Text(token) => Zeroizing::new(token.expose_bytes().to_vec()),
            TokenSource::File(path) => fs::read(path).map(Zeroizing::new).map_err(|error| {
                let path = escape_controls(path.clone());
                wrong(format!("the token of the AWS agent cannot be read from {path}: {error}"))
            })?,
        };
        let token = Zeroizing::new(bytes.trim_ascii().to_vec());
        match token.is_empty() {
            true => Err(wrong(format!("the token of the AWS agent is empty: {}", self.origin))),
            false => Ok(token),
        }
    }
}
