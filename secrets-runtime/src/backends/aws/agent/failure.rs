use crate::{
    backends::{
        aws::codes::{classify, code_in, is_about_credentials},
        http::client::HttpAnswer,
    },
    core::{
        error::{Error, ErrorKind, Problem},
        escape::escape_name,
    },
    payload::json::{self, form::Form},
};

/// An answer of an agent that is an error.
pub(super) struct AgentFailure {
    kind: ErrorKind,
    /// AWS's code, or the HTTP status. What is said about it is not kept: whatever listens at the port may repeat the token
    /// in it.
    code: String,
}

/// What each error about what AWS has answered has in it.
const OF_AWS: &str = "AWS, through the agent";

const BAD_CREDENTIALS: &str = "the credentials of the agent are not accepted";

impl AgentFailure {
    /// Classifies an answer by the code of AWS in it, then by its status. The Lambda extension writes the code in a sentence.
    pub(super) fn of(answer: &HttpAnswer) -> Self {
        let members = json::object(&answer.body).unwrap_or_default();
        // What is answered with this status is not a secret.
        let text = |names: [&str; 2]| {
            let is_it = |name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
            let found =
                members.iter().find(|(name, json)| is_it(name) && json.form == Form::Text)?;
            found.1.value.expose_str().ok().map(str::to_owned)
        };
        let body = answer.body.expose_str().unwrap_or_default();
        let code = text(["__type", "code"]);
        let code = code.as_deref().and_then(code_in).or_else(|| code_in(body)).map(str::to_owned);
        let said = text(["message", "errorMessage"]).filter(|said| !said.is_empty());
        let status = answer.status;
        match code {
            Some(code) => {
                let sentence = said.as_deref().unwrap_or(body);
                let (code, kind) = classify(&code, Some(sentence), Some(status));
                let kind = match said.as_deref() {
                    Some(said) if said.contains("client from role") => ErrorKind::RoleDenied,
                    _ if code == "MaxRolesExceeded" => ErrorKind::NotSupported,
                    _ => kind,
                };
                Self { kind, code }
            }
            None => {
                let kind = match status {
                    401 | 403 => ErrorKind::AccessDenied,
                    404 | 405 => ErrorKind::NotSupported,
                    429 => ErrorKind::Throttled,
                    408 | 504 => ErrorKind::Timeout,
                    _ => ErrorKind::Unavailable,
                };
                Self { kind, code: format!("HTTP status {status}") }
            }
        }
    }

    /// Whether an answer is the refusal of the agent's token, and not one of AWS.
    pub(super) fn refuses_token(answer: &HttpAnswer) -> bool {
        matches!(answer.status, 401 | 403) && {
            let body = answer.body.expose_str().unwrap_or_default();
            code_in(body).is_none() && !json::is_object(&answer.body)
        }
    }

    /// Whether an answer has these words, in lower case.
    pub(super) fn says(answer: &HttpAnswer, words: &str) -> bool {
        // An answer that is an error is not a secret.
        answer.body.expose_str().is_ok_and(|body| body.to_lowercase().contains(words))
    }

    /// Whether an agent refuses a parameter of the request, which is given in lower case.
    pub(super) fn says_unknown(answer: &HttpAnswer, parameter: &str) -> bool {
        answer.status == 400 && Self::says(answer, &format!("unknown parameter: {parameter}"))
    }

    /// Whether an error is what AWS has answered about a secret. The agent is then well.
    pub(super) fn is_about_secret(error: &Error) -> bool {
        let is_kind = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::AccessDenied);
        let is_it = |problem: &Problem| {
            problem.message().starts_with(OF_AWS) && !problem.message().contains(BAD_CREDENTIALS)
        };
        is_kind && error.problems().iter().any(is_it)
    }

    /// Returns the error, for a secret or a parameter.
    pub(super) fn explain(&self, noun: &str, id: &str, role: Option<&str>) -> Error {
        let id = escape_name(id);
        let what = match self.kind {
            ErrorKind::NotFound => format!("there is no {noun} `{id}`"),
            ErrorKind::Deleted => format!("`{id}` is scheduled for deletion"),
            ErrorKind::AccessDenied if is_about_credentials(&self.code) => {
                BAD_CREDENTIALS.to_owned()
            }
            ErrorKind::AccessDenied => format!("`{id}` is not permitted"),
            ErrorKind::RoleDenied => {
                format!("the agent may not assume the role {}", role.unwrap_or_default())
            }
            ErrorKind::DecryptionFailed => format!("`{id}` cannot be decrypted"),
            ErrorKind::Throttled => "there are too many requests".to_owned(),
            ErrorKind::Timeout => "it did not answer in time".to_owned(),
            ErrorKind::InvalidSource => {
                format!("AWS does not accept `{id}` as the name of a {noun}")
            }
            ErrorKind::NotSupported if self.code == "MaxRolesExceeded" => {
                "the agent has assumed as many roles as it may".to_owned()
            }
            ErrorKind::NotSupported => format!("the agent does not serve a {noun}"),
            _ => format!("`{id}` cannot be read"),
        };
        Error::new(self.kind, format!("{OF_AWS}: {what} ({})", self.code))
            .with_help(self.help(noun))
    }

    fn help(&self, noun: &str) -> &'static str {
        match self.kind {
            ErrorKind::NotFound => {
                "check the name, and that the agent is in its region; one of another account is named by its ARN"
            }
            ErrorKind::Deleted => "restore it: aws secretsmanager restore-secret",
            ErrorKind::AccessDenied if is_about_credentials(&self.code) => {
                "look at the agent's log: its credentials may have expired"
            }
            ErrorKind::AccessDenied if noun == "parameter" => {
                "the agent's role needs ssm:GetParameter on it"
            }
            ErrorKind::AccessDenied => {
                "the agent's role needs secretsmanager:GetSecretValue and secretsmanager:DescribeSecret on it"
            }
            ErrorKind::RoleDenied => {
                "see that the role exists, that its trust policy names the role of the agent, and that this has sts:AssumeRole on it"
            }
            ErrorKind::DecryptionFailed => "the agent's role needs kms:Decrypt on its KMS key",
            ErrorKind::NotSupported if self.code == "MaxRolesExceeded" => {
                "start the agent again, use fewer roles, or set max_roles in its configuration"
            }
            ErrorKind::NotSupported if noun == "parameter" => {
                "only the Lambda extension reads parameters; elsewhere use the SDK: unset SECRETS_AWS_TRANSPORT"
            }
            ErrorKind::NotSupported => "see what listens at that port",
            ErrorKind::Throttled => "try again later, or allow the agent more connections",
            ErrorKind::InvalidSource => "write a name or an ARN",
            _ => "try again, and see what the agent logs",
        }
    }
}
