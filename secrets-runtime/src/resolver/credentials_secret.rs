use std::{fmt, sync::Arc, time::Duration};

use secrets_spec::{BuiltIn, Source};

use crate::{
    backend::BoxFuture,
    backends::aws::sdk::{credentials::CredentialsProvider, secrets_manager::AwsSecretsManager},
    cache::{Cache, answer::no_answer, backend_call::Deadline},
    context::freshness::Freshness,
    core::{
        error::{Error, ErrorKind, Problem},
        escape,
        secret_value::SecretValue,
    },
    credentials::AwsCredentials,
    declaration::Declaration,
    payload::{decode, fields::Fields},
    resolver::{
        registry::Registry,
        resolution::{fetch::fetch_all, plan::Plan},
    },
    settings::{Settings, backends::aws::AwsTransport},
};

const ACCESS_KEY: &str = "ACCESS_KEY";
const SECRET_ACCESS_KEY: &str = "SECRET_ACCESS_KEY";
const SESSION_TOKEN: &str = "SESSION_TOKEN";

/// The help for incomplete credentials.
const WHOLE: &str = "its fields are ACCESS_KEY and SECRET_ACCESS_KEY, and SESSION_TOKEN for credentials that end; they are taken whole, and no others in their place";

/// Adds the built-in backends of AWS to the registry of all others, with the secret that
/// `SECRETS_AWS_CREDENTIALS_FROM` names. Returns the problem with that setting, if there is one. If the user
/// has replaced the backend of this type, that backend uses the credentials of the program.
pub(crate) fn add_aws(registry: &mut Registry, settings: &Settings) -> Option<Problem> {
    const BOTH: [BuiltIn; 2] = [BuiltIn::AwsSecretsManager, BuiltIn::Ssm];
    let missing = BOTH.into_iter().filter(|kind| !registry.has(kind.name())).collect::<Vec<_>>();
    if missing.is_empty() || settings.aws.transport == AwsTransport::Agent {
        return None;
    }
    let source = settings.aws.credentials_from.as_ref();
    let secret = source.map(|source| {
        missing.iter().for_each(|kind| registry.set_unavailable(*kind, needs_itself(source)));
        CredentialsSecret::of(source, registry, settings)
    });
    let problem = secret.as_ref().and_then(CredentialsSecret::problem).cloned();
    let provider = secret.map(|secret| Arc::new(secret) as Arc<dyn CredentialsProvider>);
    let aws = AwsSecretsManager::of_settings(settings, provider);
    registry.add(aws.parameter_store());
    registry.add(aws);
    problem
}

/// Credentials for AWS that are a secret of another backend, named by `SECRETS_AWS_CREDENTIALS_FROM`.
pub(crate) struct CredentialsSecret {
    /// The source, as it is written.
    origin: String,
    plan: Plan,
}

impl CredentialsSecret {
    /// Finds the backends that have the secret. If they cannot be used, every fetch fails with that reason: the AWS
    /// SDK's own credentials are never used instead.
    fn of(source: &Source, registry: &Registry, settings: &Settings) -> Self {
        let mut declaration = Declaration::empty(None);
        declaration.sources.push(source.clone());
        let plan = Plan::of(&declaration, registry, settings);
        Self { origin: escape::escape_name(source.origin()), plan }
    }

    /// The reason why the secret can never be fetched.
    fn problem(&self) -> Option<&Problem> {
        self.plan.fetches.values().find_map(|fetch| fetch.chain.as_ref().err())
    }

    /// Fetches the credentials.
    ///
    /// # Errors
    /// All errors of their backend; [`ErrorKind::AccessDenied`] if the credentials are missing or incomplete.
    async fn credentials(&self, timeout: Duration) -> Result<AwsCredentials, Error> {
        let deadline = Deadline::after(timeout);
        let cache = Cache::off();
        let answers = fetch_all(&self.plan, deadline, &cache, Freshness::Unexpired).await;
        let planned = self.plan.sources.first();
        let answered = planned.and_then(|it| Some((it, answers.get(it.fetch)?)));
        let Some((planned, answer)) = answered else {
            return Err(no_answer());
        };
        // Credentials are a set of fields; the source's options do not change this.
        let mut options = planned.options().clone();
        options.json = Some(true);
        let read = |fetched| decode::source_fields(fetched, &options, &self.origin, None);
        let fields = answer.found().and_then(read).map_err(|error| self.explain(&error))?;
        self.whole(&fields)
    }

    fn whole(&self, fields: &Fields) -> Result<AwsCredentials, Error> {
        let given = |name| {
            let value = fields.get(name).map(|field| &field.value);
            value.filter(|value| !value.is_empty()).cloned()
        };
        let (Some(access_key), Some(secret_access_key)) =
            (given(ACCESS_KEY), given(SECRET_ACCESS_KEY))
        else {
            let required = [ACCESS_KEY, SECRET_ACCESS_KEY].into_iter();
            let missing = escape::backquoted_list(required.filter(|name| given(name).is_none()));
            let message = format!("{self} have no {missing}, or an empty one");
            return Err(Error::new(ErrorKind::AccessDenied, message).with_help(WHOLE));
        };
        let session_token = given(SESSION_TOKEN);
        let sent = [(ACCESS_KEY, Some(&access_key)), (SESSION_TOKEN, session_token.as_ref())];
        // The SDK would reject a character that no header can contain, and its error would quote the whole
        // text.
        let broken = sent.iter().find(|(_, value)| value.is_some_and(|value| !is_graphic(value)));
        if let Some((name, _)) = broken {
            let message = format!("{self} hold a character in `{name}` that none of AWS has");
            return Err(Error::new(ErrorKind::Undecodable, message)
                .with_help("look for a blank or a line break around it"));
        }
        Ok(AwsCredentials { access_key, secret_access_key, session_token })
    }

    fn explain(&self, error: &Error) -> Error {
        let problem = error.problems().first();
        let kind = match error.kind() {
            ErrorKind::NotFound | ErrorKind::KeyNotFound => ErrorKind::AccessDenied,
            other => other,
        };
        let message = problem.map_or("", Problem::message);
        let help = match problem.and_then(Problem::help) {
            Some(help) if !kind.is_transient() => format!("{help}; {WHOLE}"),
            Some(help) => help.to_owned(),
            None => WHOLE.to_owned(),
        };
        Error::new(kind, format!("{self} cannot be read: {message}")).with_help(help)
    }
}

fn is_graphic(value: &SecretValue) -> bool {
    // Exposed to search for bytes that no header can contain.
    value.expose_bytes().iter().all(u8::is_ascii_graphic)
}

fn needs_itself(source: &Source) -> Problem {
    let message =
        "it is a secret in AWS, which could be read only with the credentials that are in it";
    let id = if source.is_arn() { "aws" } else { source.id() };
    Problem::new(ErrorKind::InvalidConfig, message)
        .with_help(format!("name one of another backend with its type, such as local.{id}"))
}

impl CredentialsProvider for CredentialsSecret {
    fn fetch(&self, timeout: Duration) -> BoxFuture<'_, Result<AwsCredentials, Error>> {
        Box::pin(self.credentials(timeout))
    }
}

impl fmt::Display for CredentialsSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the AWS credentials of `{}` (SECRETS_AWS_CREDENTIALS_FROM)", self.origin)
    }
}

impl fmt::Debug for CredentialsSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CredentialsSecret").field(&self.origin).finish()
    }
}
