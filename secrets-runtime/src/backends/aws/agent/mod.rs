//! AWS through an agent on this machine: its Secrets Manager Agent, its Workload Credentials Provider, or the Lambda
//! extension for parameters and secrets.

mod client;
mod failure;
mod read;
mod token;

use std::{fmt, sync::Arc};

use secrets_spec::BuiltIn;

use crate::{
    backend::{
        Backend, BoxFuture, Fetched,
        capabilities::Capabilities,
        fetch_request::FetchRequest,
        identity::Identity,
        probe::{PROBE_ID, Probe},
    },
    backends::{
        aws::{
            agent::{
                client::AgentClient,
                read::{parameter, secret},
            },
            parameter::ParameterRequest,
            target::ParsedRequest,
        },
        bounded_tasks::run_bounded,
    },
    core::error::{Error, ErrorKind},
    rt::{block_on::block_on, io_thread::on_io_thread},
    settings::Settings,
};

/// How many requests of one call are under way at the same time.
const AT_ONCE: usize = 32;

/// AWS through an agent on this machine, as the backend `aws-secrets-manager` or `ssm`. It is used where
/// `SECRETS_AWS_TRANSPORT` is `agent`, and needs no SDK.
///
/// The agent asks AWS with its own credentials and in its own region, and caches what it was answered; a refresh asks it to
/// ask AWS again. Each secret is a request of its own, at most 32 at the same time. A role is passed on to an agent that
/// assumes roles. The Lambda extension reads parameters too, one by one.
#[derive(Clone)]
pub struct AwsAgent {
    kind: BuiltIn,
    client: Arc<AgentClient>,
}

impl AwsAgent {
    /// Creates the backends `aws-secrets-manager` and `ssm` of the agent that the settings name.
    pub(crate) fn of_settings(settings: &Settings) -> [Self; 2] {
        let client = Arc::new(AgentClient::new(settings));
        let of = |kind| Self { kind, client: client.clone() };
        [of(BuiltIn::AwsSecretsManager), of(BuiltIn::Ssm)]
    }

    /// Checks that the agent answers and accepts the token. What AWS says about the secret does not matter.
    ///
    /// # Errors
    /// If the agent does not answer, or does not accept the token.
    pub async fn check(&self, id: &str) -> Result<(), Error> {
        let (kind, client, id) = (self.kind, self.client.clone(), id.to_owned());
        let checked = on_io_thread(async move {
            let request = FetchRequest::named(&id);
            match kind {
                BuiltIn::Ssm => {
                    let request = ParameterRequest::of(&request)?;
                    client.is_answered(parameter(&client, &request).await)
                }
                _ => {
                    let request = ParsedRequest::of(&request);
                    client.is_answered(secret(&client, &request, false).await)
                }
            }
        });
        checked.await?
    }

    /// Blocking version of [`check`](Self::check): parks this thread; works inside and outside any runtime.
    ///
    /// # Errors
    /// Those of [`check`](Self::check).
    pub fn check_blocking(&self, id: &str) -> Result<(), Error> {
        block_on(self.check(id))
    }
}

impl Backend for AwsAgent {
    fn kind(&self) -> &str {
        self.kind.name()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new().needs_tokio(false)
    }

    fn identity(&self, request: &FetchRequest<'_>) -> Identity {
        match self.kind {
            BuiltIn::Ssm => match ParameterRequest::of(request) {
                Ok(parsed) => parsed.identity(),
                Err(_) => Identity::of(request),
            },
            _ => ParsedRequest::of(request).identity(),
        }
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async move {
            let client = self.client.clone();
            match self.kind {
                BuiltIn::Ssm => {
                    let wanted = requests.iter().map(ParameterRequest::of).collect();
                    run_bounded(wanted, AT_ONCE, move |request: Result<_, Error>| {
                        let client = client.clone();
                        async move { parameter(&client, &request?).await }
                    })
                    .await
                }
                _ => {
                    let parse = |it: &FetchRequest<'_>| (ParsedRequest::of(it), it.is_refresh());
                    let wanted = requests.iter().map(parse).collect();
                    run_bounded(
                        wanted,
                        AT_ONCE,
                        move |(request, is_refresh): (ParsedRequest, bool)| {
                            let client = client.clone();
                            async move { secret(&client, &request, is_refresh).await }
                        },
                    )
                    .await
                }
            }
        })
    }

    /// It fetches them: an agent can do nothing else.
    fn exists<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<bool, Error>>> {
        let answer = |answer: Result<Fetched, Error>| match answer {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        };
        Box::pin(async move { self.fetch(requests).await.into_iter().map(answer).collect() })
    }

    /// What AWS says of the secret does not matter: a policy often permits the existing ones only.
    fn probe(&self) -> BoxFuture<'_, Probe> {
        Box::pin(async move { self.check(PROBE_ID).await.into() })
    }
}

impl fmt::Display for AwsAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let service = match self.kind {
            BuiltIn::Ssm => "AWS Parameter Store",
            _ => "AWS Secrets Manager",
        };
        write!(f, "{service}, by {}", self.client)
    }
}

impl fmt::Debug for AwsAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsAgent").field("kind", &self.kind).field("client", &self.client).finish()
    }
}
