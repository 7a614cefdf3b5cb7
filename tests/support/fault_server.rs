//! A small AWS Secrets Manager and Parameter Store that fails on demand, enforces the limits of 20 and of 10, and records
//! its requests. A secret is a parameter too.
//!
//! Long because: the answers of one server share its state.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::{BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::aws_request::{AwsRequest, PagedRequest};

/// The account of its secrets.
pub const ACCOUNT: &str = "123456789012";

/// What it does instead of answering.
#[derive(Debug, Clone)]
pub enum Fault {
    /// An error as AWS sends it: HTTP 400 with a code and a message.
    Code(&'static str, &'static str),
    /// A status with a body that is not AWS's.
    Status(u16, &'static str),
    /// 200 with a body that is not JSON.
    NotJson,
    /// Accepts, and never answers.
    Stall,
    /// Half an answer.
    Cut,
    /// An answer without an end, with a length that is announced or in chunks.
    Endless {
        /// Whether a length is announced.
        announced: bool,
    },
}

#[derive(Default)]
struct State {
    /// By region and name.
    secrets: BTreeMap<(String, String), String>,
    /// For an action, so many times.
    faults: Vec<(&'static str, u32, Fault)>,
    /// Code and message for an id, alone or in a batch.
    items: HashMap<String, (&'static str, &'static str)>,
    /// A code for an id, the first time.
    passing: HashMap<String, &'static str>,
    /// The name and the ARN that a single answer for an id says it is about.
    other: HashMap<String, (String, String)>,
    /// What batches do not answer.
    left_out: Vec<String>,
    seen: Vec<AwsRequest>,
    /// How many requests must be open before one is answered.
    gate: usize,
    /// How many requests are being answered, and were at most.
    running: usize,
    most: usize,
    /// How many secrets a page of a batch or of a list has.
    page: Option<usize>,
}

/// The server; it ends with the process.
#[derive(Clone)]
pub struct FaultServer {
    /// Its address.
    pub url: String,
    state: Arc<Mutex<State>>,
    opened: Arc<Condvar>,
}

impl FaultServer {
    /// Starts it on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { url, state: Arc::default(), opened: Arc::default() };
        let own = server.clone();
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let own = own.clone();
                thread::spawn(move || own.serve(connection));
            }
        });
        server
    }

    /// Adds a secret.
    pub fn with(self, region: &str, name: &str, value: &str) -> Self {
        let place = (region.to_owned(), name.to_owned());
        self.state.lock().unwrap().secrets.insert(place, value.to_owned());
        self
    }

    /// Adds `count` secrets, `s0`, `s1`, .., in us-east-1.
    pub fn with_many(self, count: usize) -> Self {
        (0..count).fold(self, |server, n| {
            server.with("us-east-1", &format!("s{n}"), &format!(r#"{{"v{n}": "SeNtInEl-{n}"}}"#))
        })
    }

    /// Makes the next so many calls of an action fail.
    pub fn failing(self, action: &'static str, times: u32, fault: Fault) -> Self {
        self.state.lock().unwrap().faults.push((action, times, fault));
        self
    }

    /// Makes one secret fail.
    pub fn refusing(self, id: &str, code: &'static str, message: &'static str) -> Self {
        self.state.lock().unwrap().items.insert(id.to_owned(), (code, message));
        self
    }

    /// Makes one secret fail the first time.
    pub fn refusing_once(self, id: &str, code: &'static str) -> Self {
        self.state.lock().unwrap().passing.insert(id.to_owned(), code);
        self
    }

    /// Answers requests for one secret as if they were about another name and ARN.
    pub fn answering_as(self, id: &str, name: &str, arn: &str) -> Self {
        let other = (name.to_owned(), arn.to_owned());
        self.state.lock().unwrap().other.insert(id.to_owned(), other);
        self
    }

    /// Leaves a secret out of every batch, so that it is asked for by itself.
    pub fn leaving_out(self, id: &str) -> Self {
        self.state.lock().unwrap().left_out.push(id.to_owned());
        self
    }

    /// Answers no request before so many are open at the same time, so that sequential requests get no answer.
    pub fn together(self, requests: usize) -> Self {
        self.state.lock().unwrap().gate = requests;
        self
    }

    /// Limits a page of a batch or of a list to so many secrets.
    pub fn with_pages_of(self, secrets: usize) -> Self {
        self.state.lock().unwrap().page = Some(secrets);
        self
    }

    /// The full ARN of a secret.
    pub fn arn(&self, region: &str, name: &str) -> String {
        arn(region, name)
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<AwsRequest> {
        self.state.lock().unwrap().seen.clone()
    }

    /// How many requests of each kind it got.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for seen in self.seen() {
            *counts.entry(seen.action).or_default() += 1;
        }
        counts
    }

    /// Forgets all requests.
    pub fn forget(&self) {
        self.state.lock().unwrap().seen.clear();
    }

    /// How many requests were open at the same time, at most.
    pub fn most_at_once(&self) -> usize {
        self.state.lock().unwrap().most
    }

    fn serve(&self, connection: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(connection.try_clone().ok()?);
        let mut writer = connection;
        loop {
            let PagedRequest { request: seen, next, is_last } = PagedRequest::read(&mut reader)?;
            let fault = self.begin(&seen);
            let answer = match fault {
                None => self.answer(&seen, next),
                Some(Fault::Code(code, message)) => failure(&seen.action, code, message),
                Some(Fault::Status(status, body)) => (status, body.to_owned()),
                Some(Fault::NotJson) => (200, "<html>hello</html>".to_owned()),
                Some(Fault::Stall) => {
                    // Until the other side gives up.
                    let _ = reader.read(&mut [0]);
                    self.end();
                    return None;
                }
                Some(Fault::Endless { announced }) => {
                    let _ = endless(&mut writer, announced);
                    self.end();
                    return None;
                }
                Some(Fault::Cut) => {
                    let (_, body) = self.answer(&seen, next);
                    let _ = write!(
                        writer,
                        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{}",
                        body.len(),
                        &body[..body.len() / 2]
                    );
                    self.end();
                    return None;
                }
            };
            self.end();
            let (status, body) = answer;
            write!(
                writer,
                "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
            .ok()?;
            if is_last {
                return None;
            }
        }
    }

    fn begin(&self, seen: &AwsRequest) -> Option<Fault> {
        let mut state = self.state.lock().unwrap();
        state.seen.push(seen.clone());
        state.running += 1;
        state.most = state.most.max(state.running);
        let found = state
            .faults
            .iter_mut()
            .find(|(action, times, _)| *times > 0 && (*action == seen.action || *action == "*"));
        let fault = found.map(|(_, times, fault)| {
            *times -= 1;
            fault.clone()
        });
        self.opened.notify_all();
        while state.most < state.gate {
            let limit = Duration::from_secs(60);
            let (guard, waited) = self.opened.wait_timeout(state, limit).unwrap();
            state = guard;
            if waited.timed_out() {
                break;
            }
        }
        fault
    }

    fn end(&self) {
        self.state.lock().unwrap().running -= 1;
    }

    fn answer(&self, seen: &AwsRequest, next: Option<usize>) -> (u16, String) {
        match seen.action.as_str() {
            "GetSecretValue" => match self.secret(&seen.region, &seen.ids[0]) {
                Ok(secret) => (200, self.disguised(&seen.ids[0], secret).to_string()),
                Err((code, message)) => failure(&seen.action, code, message),
            },
            "DescribeSecret" => match self.secret(&seen.region, &seen.ids[0]) {
                Ok(secret) => {
                    let secret = self.disguised(&seen.ids[0], secret);
                    let versions = json!({ "v1": ["AWSCURRENT"] });
                    let secret = json!({ "ARN": secret["ARN"], "Name": secret["Name"], "VersionIdsToStages": versions });
                    (200, secret.to_string())
                }
                Err((code, message)) => failure(&seen.action, code, message),
            },
            "BatchGetSecretValue" => self.batch(seen, next),
            "GetParameters" => self.parameters(seen),
            "GetParameter" => self.parameter(seen),
            "GetParametersByPath" => self.below(seen, next.unwrap_or(0)),
            "ListSecrets" => self.list(seen, next.unwrap_or(0)),
            "AssumeRole" => {
                let role = seen.ids[0].rsplit('/').next().unwrap_or_default().to_owned();
                (200, assumed(&role))
            }
            "GetCallerIdentity" => (
                200,
                format!(
                    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::{ACCOUNT}:user/somebody</Arn><UserId>U</UserId><Account>{ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
                ),
            ),
            other => failure(other, "UnknownOperationException", ""),
        }
    }

    fn disguised(&self, id: &str, mut secret: Value) -> Value {
        if let Some((name, arn)) = self.state.lock().unwrap().other.get(id) {
            (secret["Name"], secret["ARN"]) = (json!(name), json!(arn));
        }
        secret
    }

    fn batch(&self, seen: &AwsRequest, next: Option<usize>) -> (u16, String) {
        let distinct: BTreeSet<_> = seen.ids.iter().collect();
        if seen.ids.len() > 20 || distinct.len() != seen.ids.len() {
            return failure(&seen.action, "ValidationException", "at most 20 distinct ids");
        }
        let start = next.unwrap_or(0);
        let page = self.state.lock().unwrap().page.unwrap_or(seen.ids.len());
        let (mut values, mut errors) = (BTreeMap::new(), Vec::new());
        let left_out = self.state.lock().unwrap().left_out.clone();
        for id in seen.ids.iter().skip(start).take(page).filter(|id| !left_out.contains(id)) {
            match self.secret(&seen.region, id) {
                // One secret is given once, however often it is named.
                Ok(secret) => {
                    let secret = self.disguised(id, secret);
                    values.insert(secret["ARN"].to_string(), secret);
                }
                Err((code, message)) => {
                    errors.push(json!({ "SecretId": id, "ErrorCode": code, "Message": message }));
                }
            }
        }
        // In an order of its own.
        let values: Vec<_> = values.into_values().rev().collect();
        let mut answer = json!({ "SecretValues": values, "Errors": errors });
        if start + page < seen.ids.len() {
            answer["NextToken"] = json!((start + page).to_string());
        }
        (200, answer.to_string())
    }

    /// Refuses the whole request if one parameter is not permitted, as AWS does.
    fn parameters(&self, seen: &AwsRequest) -> (u16, String) {
        let distinct: BTreeSet<_> = seen.ids.iter().collect();
        if seen.ids.len() > 10 || distinct.len() != seen.ids.len() {
            return failure(&seen.action, "ValidationException", "at most 10 distinct names");
        }
        let left_out = self.state.lock().unwrap().left_out.clone();
        let (mut found, mut invalid) = (Vec::new(), Vec::new());
        for id in &seen.ids {
            match self.read_parameter(&seen.region, id) {
                Ok(_) if left_out.contains(id) => {}
                Ok(parameter) => found.push(parameter),
                Err(("ParameterNotFound", _)) => invalid.push(id),
                Err((code, message)) => return failure(&seen.action, code, message),
            }
        }
        // In an order of its own.
        found.reverse();
        (200, json!({ "Parameters": found, "InvalidParameters": invalid }).to_string())
    }

    fn parameter(&self, seen: &AwsRequest) -> (u16, String) {
        match self.read_parameter(&seen.region, &seen.ids[0]) {
            Ok(parameter) => (200, json!({ "Parameter": parameter }).to_string()),
            Err((code, message)) => failure(&seen.action, code, message),
        }
    }

    /// The parameters directly below a path, page by page.
    fn below(&self, seen: &AwsRequest, start: usize) -> (u16, String) {
        if let Some((code, message)) = self.state.lock().unwrap().items.get(&seen.ids[0]) {
            return failure(&seen.action, code, message);
        }
        let path = format!("{}/", seen.ids[0].trim_end_matches('/'));
        let is_below = |name: &String| {
            name.strip_prefix(&path).is_some_and(|rest| !rest.is_empty() && !rest.contains('/'))
        };
        let (names, page) = {
            let state = self.state.lock().unwrap();
            let names = state.secrets.keys().filter(|(region, _)| *region == seen.region);
            let names: Vec<_> = names.map(|(_, name)| name.clone()).filter(is_below).collect();
            (names, state.page.unwrap_or(10))
        };
        let end = names.len().min(start + page);
        let read = |name: &String| self.read_parameter(&seen.region, name).ok();
        let found: Vec<_> = names[start..end].iter().filter_map(read).collect();
        let mut answer = json!({ "Parameters": found });
        if end < names.len() {
            answer["NextToken"] = json!(end.to_string());
        }
        (200, answer.to_string())
    }

    fn read_parameter(
        &self,
        region: &str,
        id: &str,
    ) -> Result<Value, (&'static str, &'static str)> {
        let prefix = format!("arn:aws:ssm:{region}:{ACCOUNT}:parameter");
        let (id, selector) = match id.strip_prefix(&prefix).unwrap_or(id).split_once(':') {
            Some((id, selector)) => (id, Some(format!(":{selector}"))),
            None => (id.strip_prefix(&prefix).unwrap_or(id), None),
        };
        let mut state = self.state.lock().unwrap();
        if let Some(code) = state.passing.remove(id) {
            return Err((code, ""));
        }
        if let Some(refused) = state.items.get(id) {
            return Err(*refused);
        }
        let found = state.secrets.iter().find(|((at, name), _)| at == region && name == id);
        let ((_, name), value) = found.ok_or(("ParameterNotFound", ""))?;
        let mut parameter = json!({
            "Name": name,
            "ARN": format!("{prefix}/{}", name.trim_start_matches('/')),
            "Type": "SecureString",
            "Value": value,
            "Version": 3,
        });
        if let Some(selector) = selector {
            parameter["Selector"] = json!(selector);
        }
        if let Some((name, arn)) = state.other.get(id) {
            (parameter["Name"], parameter["ARN"]) = (json!(name), json!(arn));
        }
        Ok(parameter)
    }

    /// The newest first, as AWS does.
    fn list(&self, seen: &AwsRequest, start: usize) -> (u16, String) {
        let state = self.state.lock().unwrap();
        let names = state.secrets.keys().filter(|(region, _)| *region == seen.region);
        let names: Vec<_> = names.map(|(_, name)| json!({ "Name": name })).rev().collect();
        let end = names.len().min(start + state.page.unwrap_or(100));
        let mut answer = json!({ "SecretList": names[start..end] });
        if end < names.len() {
            answer["NextToken"] = json!(end.to_string());
        }
        (200, answer.to_string())
    }

    fn secret(&self, region: &str, id: &str) -> Result<Value, (&'static str, &'static str)> {
        let mut state = self.state.lock().unwrap();
        if let Some(code) = state.passing.remove(id) {
            return Err((code, ""));
        }
        let found = state.secrets.iter().find(|((at, name), _)| {
            let arn = arn(at, name);
            at == region && (id == name || id == arn || id == &arn[..arn.len() - 7])
        });
        let names = [Some(id), found.map(|((_, name), _)| name.as_str())];
        if let Some(refused) = names.into_iter().flatten().find_map(|id| state.items.get(id)) {
            return Err(*refused);
        }
        let ((_, name), value) = found.ok_or((
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.",
        ))?;
        Ok(
            json!({ "ARN": arn(region, name), "Name": name, "VersionId": "v1", "SecretString": value }),
        )
    }
}

/// Writes until the other side has enough.
fn endless(writer: &mut TcpStream, announced: bool) -> std::io::Result<()> {
    const CHUNK: usize = 1 << 16;
    let chunk = vec![b'x'; CHUNK];
    let framing = match announced {
        true => format!("content-length: {}", 150_000_000),
        false => "transfer-encoding: chunked".to_owned(),
    };
    write!(writer, "HTTP/1.1 200 OK\r\n{framing}\r\n\r\n")?;
    loop {
        if announced {
            writer.write_all(&chunk)?;
        } else {
            write!(writer, "{CHUNK:x}\r\n")?;
            writer.write_all(&chunk)?;
            writer.write_all(b"\r\n")?;
        }
    }
}

fn arn(region: &str, name: &str) -> String {
    format!("arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:{name}-x1Y2z3")
}

fn assumed(role: &str) -> String {
    format!(
        "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><Arn>arn:aws:sts::{ACCOUNT}:assumed-role/{role}/s</Arn><AssumedRoleId>R:s</AssumedRoleId></AssumedRoleUser><Credentials><AccessKeyId>KEY-{role}</AccessKeyId><SecretAccessKey>SeNtInEl-key</SecretAccessKey><SessionToken>SeNtInEl-token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
    )
}

fn failure(action: &str, code: &str, message: &str) -> (u16, String) {
    if ["AssumeRole", "GetCallerIdentity"].contains(&action) {
        let error = format!(
            "<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        );
        return (403, format!("<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>"));
    }
    (400, json!({ "__type": code, "Message": message }).to_string())
}
