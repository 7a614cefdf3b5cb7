//! A server that answers as the agents of AWS do, and asks an AWS that is a test's server. The agents themselves take
//! minutes to build and want credentials; what they answer is in their sources, and that of the Lambda extension, which is
//! not public, in its documentation.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};

use crate::http::request;

/// The token that it asks for.
pub const TOKEN: &str = "SeNtInEl-agent-token";

/// Which of the agents it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agent {
    /// The Secrets Manager Agent, which knows no roles.
    SecretsManagerAgent,
    /// The Workload Credentials Provider, which assumes roles.
    WorkloadCredentialsProvider,
    /// The Lambda extension, which ignores parameters that it does not know, and reads parameters of Systems Manager.
    LambdaExtension,
}

/// A request that it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentRequest {
    /// The path, without what is asked for.
    pub path: String,
    /// What is asked for, decoded, in order.
    pub query: Vec<(String, String)>,
    /// Whether the token was right.
    pub has_token: bool,
}

/// The server; it ends with the process.
#[derive(Clone)]
pub struct AgentStub {
    port: u16,
    agent: Agent,
    /// The address of AWS, and its region.
    aws: (String, String),
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    requests: Vec<AgentRequest>,
    /// How many requests are answered that it is not ready yet.
    starting: usize,
    /// Answers to the next requests, in the place of those of AWS.
    answers: Vec<(u16, String)>,
}

impl AgentStub {
    /// Starts one that asks this AWS, in us-east-1.
    pub fn start(agent: Agent, aws: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let aws = (aws.to_owned(), "us-east-1".to_owned());
        let stub = Self { port, agent, aws, state: Arc::default() };
        let own = stub.clone();
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let own = own.clone();
                thread::spawn(move || own.serve(connection));
            }
        });
        stub
    }

    /// Answers so many requests that it is not ready yet.
    #[must_use]
    pub fn starting(self, requests: usize) -> Self {
        self.state.lock().expect("no panic").starting = requests;
        self
    }

    /// Answers the next request like this.
    #[must_use]
    pub fn answering(self, status: u16, body: &str) -> Self {
        self.state.lock().expect("no panic").answers.push((status, body.to_owned()));
        self
    }

    /// Its port.
    pub fn port(&self) -> String {
        self.port.to_string()
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<AgentRequest> {
        self.state.lock().expect("no panic").requests.clone()
    }

    fn serve(&self, mut connection: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(connection.try_clone().ok()?);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let target = lines.first()?.split(' ').nth(1)?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let token = lines.iter().filter_map(|line| line.split_once(':'));
        let mut token =
            token.filter(|(name, _)| name.eq_ignore_ascii_case("x-aws-parameters-secrets-token"));
        let has_token = token.any(|(_, value)| value.trim() == TOKEN);
        let fields = query.split('&').filter_map(|field| field.split_once('='));
        let query = fields.map(|(name, value)| (name.to_owned(), decoded(value))).collect();
        let request = AgentRequest { path: path.to_owned(), query, has_token };
        let (status, body) = self.answer(&request);
        let length = body.len();
        write!(
            connection,
            "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .ok()
    }

    fn answer(&self, request: &AgentRequest) -> (u16, String) {
        {
            let mut state = self.state.lock().expect("no panic");
            state.requests.push(request.clone());
            if state.starting > 0 {
                state.starting -= 1;
                return (400, "not ready to serve traffic, please wait".to_owned());
            }
            if request.has_token && !state.answers.is_empty() {
                return state.answers.remove(0);
            }
        }
        if !request.has_token {
            return (403, "Bad Token".to_owned());
        }
        let is_extension = self.agent == Agent::LambdaExtension;
        match request.path.as_str() {
            "/secretsmanager/get" => self.secret(request),
            "/systemsmanager/parameters/get" if is_extension => self.parameter(request),
            _ => (404, "Not found".to_owned()),
        }
    }

    fn secret(&self, request: &AgentRequest) -> (u16, String) {
        let mut input = json!({});
        let mut role = None;
        for (name, value) in &request.query {
            match name.as_str() {
                "secretId" => input["SecretId"] = json!(value),
                "versionId" => input["VersionId"] = json!(value),
                "versionStage" => input["VersionStage"] = json!(value),
                "refreshNow" if self.agent != Agent::LambdaExtension => {}
                "roleArn" if self.agent == Agent::WorkloadCredentialsProvider => {
                    role = Some(value);
                }
                _ if self.agent == Agent::LambdaExtension => {}
                other => return (400, format!("unknown parameter: {other}")),
            }
        }
        let key = match role {
            None => "AGENT".to_owned(),
            Some(role) if !role.starts_with("arn:") => {
                let expected = "expected arn:<partition>:iam::<account>:role/<name>";
                return (400, format!("invalid roleArn format, {expected}"));
            }
            Some(role) => match self.assume(role) {
                Some(key) => key,
                None => {
                    let message = format!("Failed to create caching client from role: {role}");
                    let error = json!({ "__type": "AccessDeniedException", "message": message });
                    return (403, error.to_string());
                }
            },
        };
        self.call("secretsmanager", "secretsmanager.GetSecretValue", &key, &input)
    }

    fn parameter(&self, request: &AgentRequest) -> (u16, String) {
        let field = |wanted: &str| {
            request.query.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone())
        };
        let name = field("name").unwrap_or_default();
        let selector = field("version").or_else(|| field("label"));
        let name = selector.map_or(name.clone(), |selector| format!("{name}:{selector}"));
        let is_decrypted = field("withDecryption").as_deref() == Some("true");
        let input = json!({ "Name": name, "WithDecryption": is_decrypted });
        self.call("ssm", "AmazonSSM.GetParameter", "AGENT", &input)
    }

    fn call(&self, service: &str, target: &str, key: &str, input: &Value) -> (u16, String) {
        let headers = format!(
            "x-amz-target: {target}\r\ncontent-type: application/x-amz-json-1.1\r\n{}",
            self.authorization(service, key)
        );
        let (status, body) = request(&self.aws.0, "POST", "/", &headers, &input.to_string());
        if status == 200 {
            return (200, body);
        }
        let error: Value = serde_json::from_str(&body).unwrap_or_default();
        let code = error["__type"].as_str().unwrap_or("InternalFailure").to_owned();
        let message = error["message"].as_str().or(error["Message"].as_str()).unwrap_or_default();
        if self.agent == Agent::LambdaExtension {
            let start = "an unexpected error occurred while executing request";
            return (status, format!("{start}: https response error, {code}: {message}"));
        }
        (status, json!({ "__type": code, "message": message }).to_string())
    }

    /// Assumes a role, and returns the id of its key.
    fn assume(&self, role: &str) -> Option<String> {
        let headers = format!(
            "content-type: application/x-www-form-urlencoded\r\n{}",
            self.authorization("sts", "AGENT")
        );
        let role = role.replace(':', "%3A").replace('/', "%2F");
        let body = format!(
            "Action=AssumeRole&Version=2011-06-15&RoleArn={role}&RoleSessionName=the-agent"
        );
        let (status, body) = request(&self.aws.0, "POST", "/", &headers, &body);
        let (_, key) = body.split_once("<AccessKeyId>").filter(|_| status == 200)?;
        Some(key.split('<').next()?.to_owned())
    }

    fn authorization(&self, service: &str, key: &str) -> String {
        let region = &self.aws.1;
        format!(
            "authorization: AWS4-HMAC-SHA256 Credential={key}/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0\r\n"
        )
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let hex = behind.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
