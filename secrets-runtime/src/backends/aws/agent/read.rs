//! Reads secrets and parameters.

use base64ct::{Base64, Encoding};
use secrets_spec::{ParameterId, SecretArn};

use crate::{
    backend::Fetched,
    backends::{
        aws::{
            agent::{client::AgentClient, failure::AgentFailure},
            aliases::ArnAliases,
            answer::SecretAnswer,
            parameter::{ParameterAnswer, ParameterRequest, ParameterTarget},
            target::ParsedRequest,
        },
        http::client::HttpAnswer,
    },
    core::{
        error::{Error, ErrorKind},
        escape::escape_name,
        secret_value::SecretValue,
    },
    payload::json::{self, form::Form},
};

/// Fetches a secret.
pub(super) async fn secret(
    client: &AgentClient,
    request: &ParsedRequest,
    is_refresh: bool,
) -> Result<Fetched, Error> {
    let id = &request.target.id;
    let mut parameters = vec![("secretId", id.as_str())];
    let versions = [
        ("versionId", request.target.version_id.as_deref()),
        ("versionStage", request.target.version_stage.as_deref()),
        ("roleArn", request.role.as_deref()),
    ];
    parameters.extend(versions.iter().filter_map(|(name, value)| Some((*name, (*value)?))));
    if let Some(role) = &request.role
        && !client.knows_roles().await?
    {
        return Err(no_roles(client, role));
    }
    if is_refresh {
        parameters.push(("refreshNow", "true"));
    }
    let mut answer = client.get("/secretsmanager/get", &parameters).await?;
    // An older agent; what it has cached is as new as it gets.
    if is_refresh && AgentFailure::says_unknown(&answer, "refreshnow") {
        parameters.pop();
        answer = client.get("/secretsmanager/get", &parameters).await?;
    }
    if answer.status != 200 {
        let role = request.role.as_deref();
        return Err(AgentFailure::of(&answer).explain("secret", id, role));
    }
    let answer = secret_answer(&answer).ok_or_else(|| client.unexpected())?;
    let version = request.target.version_id.as_deref();
    if !answer.is_about(id, version, request.role.as_deref()) {
        return Err(another("secret", id, answer.name(), answer.arn()));
    }
    if !answer.has_value() {
        let message = format!("`{}` has no value in this version", escape_name(id));
        return Err(Error::new(ErrorKind::NotFound, message)
            .with_help("give it one: aws secretsmanager put-secret-value"));
    }
    let region = SecretArn::parse(answer.arn()).ok().map(|arn| arn.region().to_owned());
    check_region(client, request.region.as_deref(), region.as_deref(), id)?;
    // The agent may be in another region than the setting says, which is then an error for a name without one.
    let default_region = client.region.as_deref().or(region.as_deref());
    Ok(ArnAliases::default().read(request, &answer, default_region))
}

/// Fetches a parameter.
pub(super) async fn parameter(
    client: &AgentClient,
    request: &ParameterRequest,
) -> Result<Fetched, Error> {
    let ParameterTarget::One(id) = &request.target else {
        let message = format!("{client} reads no path with all that is below it");
        return Err(Error::new(ErrorKind::NotSupported, message)
            .with_help("name each parameter, or use the SDK: unset SECRETS_AWS_TRANSPORT"));
    };
    if let Some(role) = &request.role {
        return Err(no_roles(client, role));
    }
    let Ok(parsed) = ParameterId::parse(id) else { return Err(client.unexpected()) };
    let mut parameters = vec![("name", parsed.name()), ("withDecryption", "true")];
    if let Some(selector) = parsed.selector() {
        let is_version = selector.bytes().all(|byte| byte.is_ascii_digit());
        parameters.push((if is_version { "version" } else { "label" }, selector));
    }
    let answer = client.get("/systemsmanager/parameters/get", &parameters).await?;
    if answer.status != 200 {
        return Err(AgentFailure::of(&answer).explain("parameter", id, None));
    }
    let members = json::object(&answer.body).map_err(|_| client.unexpected())?;
    let found = members.iter().find(|(name, _)| name == "Parameter");
    let found = found.and_then(|(_, json)| ParameterAnswer::read(json));
    let found = found.ok_or_else(|| client.unexpected())?;
    if !found.is_about(&parsed, None) {
        return Err(another("parameter", id, &found.name, &found.arn));
    }
    let arn = ParameterId::parse(&found.arn).ok();
    let region = arn.as_ref().and_then(ParameterId::region);
    check_region(client, request.region.as_deref(), region, id)?;
    Ok(request.read(&found))
}

/// Reads the answer to `GetSecretValue`.
fn secret_answer(answer: &HttpAnswer) -> Option<SecretAnswer> {
    let members = json::object(&answer.body).ok()?;
    let member = |name: &str| {
        let found = members.iter().find(|(known, _)| known == name);
        found.map(|(_, json)| json).filter(|json| json.form == Form::Text)
    };
    let text = |name: &str| member(name)?.value.expose_str().ok().map(str::to_owned); // a name
    let binary = match member("SecretBinary") {
        // Decoded into the value that the step gets.
        Some(json) => {
            Some(SecretValue::from(Base64::decode_vec(json.value.expose_str().ok()?).ok()?))
        }
        None => None,
    };
    let string = member("SecretString").map(|json| json.value.clone());
    Some(SecretAnswer::new(text("Name")?, text("ARN")?, text("VersionId")?, string, binary))
}

/// Checks that the agent is in the region that is wanted.
fn check_region(
    client: &AgentClient,
    wanted: Option<&str>,
    found: Option<&str>,
    id: &str,
) -> Result<(), Error> {
    let wanted = wanted.or(client.region.as_deref());
    match (wanted, found) {
        (Some(wanted), Some(found)) if wanted != found => {
            let id = escape_name(id);
            let message = format!(
                "{client} has answered with the `{id}` of {found}, and that of {wanted} is wanted"
            );
            Err(Error::new(ErrorKind::InvalidConfig, message)
                .with_help("an agent is in one region: set that of the agent, or the region here"))
        }
        _ => Ok(()),
    }
}

fn no_roles(client: &AgentClient, role: &str) -> Error {
    let message = format!("{client} does not assume roles, and the secret is to be read in {role}");
    Error::new(ErrorKind::NotSupported, message).with_help(
        "use the AWS Workload Credentials Provider as the agent, give the agent's own role the permission, or unset SECRETS_AWS_TRANSPORT",
    )
}

fn another(noun: &str, id: &str, name: &str, arn: &str) -> Error {
    let (id, name, arn) = (escape_name(id), escape_name(name), escape_name(arn));
    let message =
        format!("the AWS agent returned another {noun} instead of `{id}`: `{name}`, {arn}");
    Error::new(ErrorKind::Unavailable, message).with_help("see what listens at the agent's port")
}
