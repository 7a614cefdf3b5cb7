//! What a server of AWS is asked.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read},
    net::TcpStream,
};

use serde_json::Value;

/// A request to Secrets Manager, Systems Manager or STS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsRequest {
    /// Such as `GetSecretValue`.
    pub action: String,
    /// The region that the signature names.
    pub region: String,
    /// The access key that the signature names.
    pub access_key: String,
    /// The session token, or nothing.
    pub token: String,
    /// The secrets or parameters that it is about.
    pub ids: Vec<String>,
    /// The whole body.
    pub body: String,
}

/// A request, and where the page that it asks for starts.
#[derive(Debug)]
pub struct PagedRequest {
    /// The request.
    pub request: AwsRequest,
    /// The start of the page, if it names one.
    pub next: Option<usize>,
    /// Whether the client closes the connection after the answer.
    pub is_last: bool,
}

impl PagedRequest {
    /// Reads the next request of a connection; `None` at its end.
    pub fn read(reader: &mut BufReader<TcpStream>) -> Option<Self> {
        let (headers, body) = read_request(reader)?;
        Some(understand(&headers, body))
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<(HashMap<String, String>, String)> {
    let mut headers = HashMap::new();
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((headers, String::from_utf8(body).ok()?))
}

/// Returns what a request asks for.
fn understand(headers: &HashMap<String, String>, body: String) -> PagedRequest {
    let header = |name: &str| headers.get(name).map(String::as_str).unwrap_or_default();
    let credential = header("authorization").split("Credential=").nth(1).unwrap_or_default();
    let mut parts = credential.split('/');
    let token = header("x-amz-security-token").to_owned();
    let access_key = parts.next().unwrap_or_default().to_owned();
    let region = parts.nth(1).unwrap_or_default().to_owned();
    let (action, ids, next) = match header("x-amz-target").rsplit_once('.') {
        Some((_, action)) => {
            let input: Value = serde_json::from_str(&body).unwrap();
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let list = input["SecretIdList"].as_array().cloned().unwrap_or_default();
            let names = input["Names"].as_array().cloned().unwrap_or_default();
            let single = [&input["SecretId"], &input["Path"], &input["Name"]];
            let ids = list.iter().chain(&names).chain(single).filter_map(text).collect();
            let next = input["NextToken"].as_str().and_then(|token| token.parse().ok());
            (action.to_owned(), ids, next)
        }
        None => {
            let field = |name: &str| {
                let field = body.split('&').find_map(|field| field.strip_prefix(name));
                field.unwrap_or_default().replace("%3A", ":").replace("%2F", "/")
            };
            (field("Action="), vec![field("RoleArn=")], None)
        }
    };
    let request = AwsRequest { action, region, access_key, token, ids, body };
    PagedRequest { request, next, is_last: header("connection").eq_ignore_ascii_case("close") }
}
