use std::{fmt, time::Duration};

use tokio::{
    sync::OnceCell,
    time::{Instant, sleep},
};

use crate::{
    backends::{
        aws::agent::{failure::AgentFailure, token::AgentToken},
        http::client::{Http, HttpAnswer},
    },
    core::{
        error::{Error, ErrorKind},
        escape::write_percent,
    },
    settings::Settings,
};

/// Where the agents of AWS listen. `localhost` may also be `::1`, where another user of the machine can listen at this port and
/// would be sent the token.
const HOST: &str = "127.0.0.1";

/// The port of all agents of AWS, if no other is set.
const PORT: u16 = 2773;

/// How often a request is sent at most that fails for a moment.
const ATTEMPTS: u32 = 4;

/// How long a request waits before it is sent the second time; twice as long before the third, and so on, up to a second.
const BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// An agent, and what is known about it.
pub(super) struct AgentClient {
    http: Http,
    url: String,
    pub token: AgentToken,
    /// For a whole request, with all its attempts.
    timeout: Duration,
    /// The region of the setting, in which the agent has to be.
    pub region: Option<String>,
    /// Whether the agent assumes roles.
    knows_roles: OnceCell<bool>,
}

impl AgentClient {
    pub(super) fn new(settings: &Settings) -> Self {
        let port = settings.aws.agent_port.unwrap_or(PORT);
        Self {
            http: Http::new("the AWS agent", settings.attempt_timeout()),
            url: format!("http://{HOST}:{port}"),
            token: AgentToken::of(&settings.aws),
            // A little before the resolver's deadline, so that the error names what is slow.
            timeout: settings.timeout().mul_f32(0.95),
            region: settings.aws.region.clone(),
            knows_roles: OnceCell::new(),
        }
    }

    /// Gets the answer to a path with these parameters. While the agent starts, it is asked again.
    ///
    /// # Errors
    /// If it does not answer, or does not accept the token.
    pub(super) async fn get(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
    ) -> Result<HttpAnswer, Error> {
        let mut url = format!("{}{path}", self.url);
        for (place, (name, value)) in parameters.iter().enumerate() {
            url.push(if place == 0 { '?' } else { '&' });
            url.push_str(name);
            url.push('=');
            write_percent(value, &mut url);
        }
        let deadline = Instant::now() + self.timeout;
        let (mut pause, mut attempts) = (BACKOFF, ATTEMPTS);
        loop {
            let token = self.token.read()?;
            let header: (&'static str, &[u8]) = ("x-aws-parameters-secrets-token", &token);
            let answer = self.http.get(&url, &[header]).await;
            let is_starting = answer.as_ref().is_ok_and(is_starting);
            let is_passing = match &answer {
                Ok(_) if is_starting => false,
                Ok(answer) => answer.status == 429 || answer.status >= 500,
                Err(error) => error.is_transient(),
            };
            attempts -= u32::from(is_passing);
            let is_last = attempts == 0 || Instant::now() + pause >= deadline;
            match answer {
                answer if (is_starting || is_passing) && !is_last => drop(answer),
                Ok(_) if is_starting => return Err(self.still_starting()),
                Ok(answer) if AgentFailure::refuses_token(&answer) => {
                    return Err(self.refused_token());
                }
                Ok(answer) => return Ok(answer),
                Err(error) => return Err(self.away(error)),
            }
            sleep(pause).await;
            pause = (pause * 2).min(MAX_BACKOFF);
        }
    }

    /// Whether the agent assumes roles. One that does not know the parameter may ignore it, and would then answer in another
    /// role: only one that refuses a wrong role knows it.
    pub(super) async fn knows_roles(&self) -> Result<bool, Error> {
        let ask = || async {
            let parameters = [("secretId", "secrets-runtime-probe"), ("roleArn", "none")];
            let answer = self.get("/secretsmanager/get", &parameters).await?;
            Ok(answer.status == 400 && AgentFailure::says(&answer, "invalid rolearn"))
        };
        self.knows_roles.get_or_try_init(ask).await.copied()
    }

    /// Returns whether the agent has answered, whatever AWS says about the secret.
    pub(super) fn is_answered<T>(&self, answer: Result<T, Error>) -> Result<(), Error> {
        match answer {
            Err(error) if !AgentFailure::is_about_secret(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Returns the error for an answer that is not what the agents promise.
    pub(super) fn unexpected(&self) -> Error {
        self.http.unexpected()
    }

    fn still_starting(&self) -> Error {
        let message = format!("{self} is still starting");
        Error::new(ErrorKind::Unavailable, message)
            .with_help("see its log, or allow it more time with SECRETS_TIMEOUT (seconds)")
    }

    fn refused_token(&self) -> Error {
        let message = format!("{self} does not accept the token of {}", self.token.origin);
        Error::new(ErrorKind::AccessDenied, message).with_help(
            "set AWS_TOKEN to the token that the agent was started with, or to file:// and the path of its file, such as file:///var/run/awssmatoken",
        )
    }

    fn away(&self, error: Error) -> Error {
        if error.kind() != ErrorKind::Unavailable {
            return error;
        }
        let said = error.problems().first().map_or("", |problem| problem.message()).to_owned();
        Error::new(ErrorKind::Unavailable, format!("{said} ({})", self.url)).with_help(
            "start the agent, or set PARAMETERS_SECRETS_EXTENSION_HTTP_PORT to its port; without an agent, unset SECRETS_AWS_TRANSPORT",
        )
    }
}

/// Whether the Lambda extension answers that it is not ready yet.
fn is_starting(answer: &HttpAnswer) -> bool {
    answer.status >= 400 && AgentFailure::says(answer, "not ready to serve traffic")
}

impl fmt::Display for AgentClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the AWS agent at {}", self.url)
    }
}

impl fmt::Debug for AgentClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentClient").field("url", &self.url).finish_non_exhaustive()
    }
}
