//! Requests to a server as a test needs them, without the SDK.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::Value;

/// An action of Secrets Manager. `region` is where the server looks.
pub fn call(url: &str, region: &str, action: &str, input: &Value) -> Result<Value, String> {
    let target = format!(
        "x-amz-target: secretsmanager.{action}\r\ncontent-type: application/x-amz-json-1.1\r\n"
    );
    let (status, body) =
        post(url, "/", &headers(region, "secretsmanager", &target), &input.to_string());
    let body = serde_json::from_str(&body).unwrap_or(Value::Null);
    if status == 200 { Ok(body) } else { Err(body["__type"].as_str().unwrap_or("?").to_owned()) }
}

/// An action of IAM, with its fields.
pub fn iam(url: &str, fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String {
        let byte = |b: u8| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(b).to_string(),
            other => format!("%{other:02X}"),
        };
        text.bytes().map(byte).collect()
    };
    let fields: Vec<_> = fields.iter().map(|(n, v)| format!("{n}={}", escape(v))).collect();
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let (status, body) = post(
        url,
        "/",
        &headers("us-east-1", "iam", form),
        &format!("{}&Version=2010-05-08", fields.join("&")),
    );
    assert_eq!(status, 200, "{body}");
    body
}

/// The text of the first element of this name.
pub fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let start = xml.split_once(&format!("<{name}>")).unwrap().1;
    start.split_once('<').unwrap().0
}

fn headers(region: &str, service: &str, more: &str) -> String {
    format!(
        "authorization: AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0\r\n{more}"
    )
}

pub fn post(url: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let mut connection = TcpStream::connect(host).unwrap();
    write!(
        connection,
        "POST {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}
