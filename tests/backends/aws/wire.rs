//! Requests to a server without the SDK.

use secrets_tests::http::request;
use serde_json::Value;

/// Calls an action of Secrets Manager in a region.
pub fn call(url: &str, region: &str, action: &str, input: &Value) -> Result<Value, String> {
    let target = format!(
        "x-amz-target: secretsmanager.{action}\r\ncontent-type: application/x-amz-json-1.1\r\n"
    );
    let (status, body) =
        request(url, "POST", "/", &headers(region, "secretsmanager", &target), &input.to_string());
    let body = serde_json::from_str(&body).unwrap_or(Value::Null);
    if status == 200 { Ok(body) } else { Err(body["__type"].as_str().unwrap_or("?").to_owned()) }
}

/// Calls an action of Systems Manager in a region.
pub fn parameters(url: &str, region: &str, action: &str, input: &Value) -> Value {
    let target =
        format!("x-amz-target: AmazonSSM.{action}\r\ncontent-type: application/x-amz-json-1.1\r\n");
    let headers = headers(region, "ssm", &target);
    let (status, body) = request(url, "POST", "/", &headers, &input.to_string());
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap_or(Value::Null)
}

/// Calls an action of IAM with these fields.
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
    let (status, body) = request(
        url,
        "POST",
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
