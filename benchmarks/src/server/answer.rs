//! What is answered.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{DENIED_KEY, request::Request};

/// How many secrets a batch may name.
const BATCH: usize = 20;

/// The whole answer to a request.
pub fn to(request: &Request) -> Vec<u8> {
    let id = request.body["SecretId"].as_str();
    let ids = request.body["SecretIdList"].as_array();
    match (request.action.as_str(), id, ids) {
        ("GetSecretValue", Some(id), _) => http(200, &entry(id).to_string()),
        ("BatchGetSecretValue", ..) if request.access_key == DENIED_KEY => failure(
            "AccessDeniedException",
            "not authorized to perform secretsmanager:BatchGetSecretValue",
        ),
        ("BatchGetSecretValue", _, Some(ids)) => {
            let distinct: BTreeSet<_> = ids.iter().filter_map(Value::as_str).collect();
            if ids.len() > BATCH || distinct.len() != ids.len() {
                return failure("ValidationException", "at most 20 distinct ids");
            }
            let values: Vec<_> = distinct.into_iter().map(entry).collect();
            http(200, &json!({ "SecretValues": values, "Errors": [] }).to_string())
        }
        (other, ..) => failure("UnknownOperationException", other),
    }
}

/// The payload of a secret: a JSON object of one field.
///
/// A number after the last dot of the name is the length of the value in bytes; the field is named after the
/// secret, so that many secrets can stand in one environment.
fn secret(name: &str) -> String {
    let size = name.rsplit_once('.').and_then(|(_, size)| size.parse().ok()).unwrap_or(32);
    let field = name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let value: String = "SeNtInEl".chars().cycle().take(size).collect();
    format!(r#"{{"{field}":"{value}"}}"#)
}

/// A response with this body.
pub fn http(status: u16, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

fn failure(code: &str, message: &str) -> Vec<u8> {
    http(400, &json!({ "__type": code, "Message": message }).to_string())
}

/// A secret as AWS describes it. Its id is a name, or an ARN that may lack its six last characters.
fn entry(id: &str) -> Value {
    let name = id.split(":secret:").last().unwrap_or(id);
    json!({
        "ARN": format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}-x1Y2z3"),
        "Name": name,
        "VersionId": "8c5f3c1e-5d0e-4f0b-9f3e-0a1b2c3d4e5f",
        "SecretString": secret(name),
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": 1_700_000_000,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_as_long_as_the_name_says() {
        assert_eq!(secret("size-3.10"), r#"{"size_3_10":"SeNtInElSe"}"#);
        assert_eq!(secret("plain").len(), r#"{"plain":""}"#.len() + 32);
    }

    #[test]
    fn a_batch_is_of_twenty() {
        let ask = |count: usize, key: &str| {
            let ids: Vec<_> = (0..count).map(|n| format!("s{n}")).collect();
            let request = Request {
                path: "/".to_owned(),
                action: "BatchGetSecretValue".to_owned(),
                access_key: key.to_owned(),
                body: json!({ "SecretIdList": ids }),
            };
            String::from_utf8(to(&request)).unwrap()
        };
        assert!(ask(20, "KEY").starts_with("HTTP/1.1 200"));
        assert!(ask(21, "KEY").contains("ValidationException"));
        assert!(ask(2, DENIED_KEY).contains("AccessDeniedException"));
    }
}
