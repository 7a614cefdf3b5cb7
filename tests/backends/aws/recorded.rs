//! Every recorded case of Metaflow's `@secrets` with AWS: each equal, or expecting a change that is named.

use std::collections::BTreeMap;

use secrets_runtime::ErrorKind;
use secrets_tests::http::server;
use serde_json::{Value, json};

use crate::{
    child::{self, Outcome},
    wire,
};

/// What changes on purpose, by which change: another kind of error, or other variables.
fn changed(id: &str) -> Option<(&'static str, Result<Value, ErrorKind>)> {
    let wrong = |change, kind| Some((change, Err(kind)));
    let good = |change, variables| Some((change, Ok(variables)));
    match id {
        // A dotted name is a whole id.
        "str-dotted-name-slash" => good("D1", json!({ "U": "u" })),
        "str-only-dot" => wrong("D1", ErrorKind::NotFound),
        // It is nearly a type, which gets a suggestion.
        "str-prefix-case" => wrong("D1", ErrorKind::InvalidSource),
        "str-whitespace" => wrong("names are checked before a request", ErrorKind::InvalidSource),
        "dict-type-empty" => wrong("D3", ErrorKind::InvalidSource),
        "default-type-empty-string" => wrong("D11, D19", ErrorKind::NotFound),
        "aws-default:json-types" => good(
            "D4",
            json!({
                "i": "1", "big": "123456789012345678901234567890", "f": "1.50", "exp": "1e3",
                "t": "true", "f2": "false", "l": r#"[1,"a",null]"#, "o": r#"{"x":1,"y":"z"}"#,
                "neg": "-0.0", "u": "h\u{e9}\u{2665}", "empty": "",
            }),
        ),
        "aws-default:json-dupkeys" => wrong("D5", ErrorKind::Undecodable),
        "arn-other-service" => wrong("D6", ErrorKind::InvalidSource),
        "arn-region-only-prefix" => wrong("D20", ErrorKind::InvalidSource),
        "aws-json-false:plain_under+plus=eq@at" => {
            good("D7", json!({ "plain_under_plus_eq_at": "v3" }))
        }
        "aws-default:json-badkey-space" => good("D7", json!({ "hello_world": "1" })),
        "aws-env-var-name-int" => wrong("D3", ErrorKind::InvalidSource),
        "region-bogus" => wrong("D3", ErrorKind::InvalidSource),
        "inline-nul" | "inline-nul-2nd" => wrong("D9", ErrorKind::InvalidValue),
        "key:LD_PRELOAD" => wrong("D12", ErrorKind::InvalidName),
        // A source that a list has twice at run time counts once.
        "same-secret-twice" => good("D21", json!({ "OTHER": "o2" })),
        "get_secret:{\"type\": \"inline\", \"id\": \"1\", \"options\": {\"env_vars\": {\"A\": 1}}}" => {
            wrong("D3", ErrorKind::InvalidSource)
        }
        id if id.starts_with("az:") => wrong("D18", ErrorKind::NotSupported),
        _ => None,
    }
}

fn kind_of(recorded: &str) -> ErrorKind {
    let recorded = recorded.trim_start_matches("RetrieveFailed:");
    match recorded {
        kind if kind.starts_with("BadSpec") => ErrorKind::InvalidSource,
        "UnknownBackend" | "NoDefaultBackend" | "MetaflowException" => ErrorKind::InvalidConfig,
        "InvalidEnvName" | "ForbiddenEnvName" => ErrorKind::InvalidName,
        "CollisionAcrossSources" | "CollisionWithEnv" | "MetaflowAWSSecretsManagerDuplicateKey" => {
            ErrorKind::Collision
        }
        "MetaflowAWSSecretsManagerJSONParseError"
        | "MetaflowAWSSecretsManagerNotJSONObject"
        | "Raw:UnicodeEncodeError" => ErrorKind::Undecodable,
        "ResourceNotFoundException" => ErrorKind::NotFound,
        "InvalidRequestException" => ErrorKind::Deleted,
        "NonStringValue" => ErrorKind::InvalidSource,
        other => panic!("{other} is not among the recorded kinds"),
    }
}

/// Cases about Python objects alone: a list in Rust holds texts.
const NOT_APPLICABLE: [&str; 3] = ["item-int", "get_secret:42", "get_secret:[\"a\"]"];

#[test]
fn every_case() {
    let Some(url) = server("SECRETS_TEST_MOTO_URL") else { return };
    let text = include_str!("../../vectors/metaflow.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    let arns = load(&url, vectors["metaflow_aws_fixture"].as_array().unwrap());
    let cases = vectors["metaflow_aws"].as_array().unwrap();
    assert_eq!(cases.len(), 100, "a case was added or lost");
    let mut flaws = Vec::new();
    for case in cases {
        let id = case["id"].as_str().unwrap();
        if NOT_APPLICABLE.contains(&id) {
            continue;
        }
        let got = run(&url, &case["input"], &arns);
        let expected = match changed(id) {
            Some((_, expected)) => expected,
            None => match case["expect"]["error_kind"].as_str() {
                Some(kind) => Err(kind_of(kind)),
                None => {
                    let expect = &case["expect"];
                    Ok(expect.get("env").unwrap_or(&expect["returns"]).clone())
                }
            },
        };
        let same = match (&got, &expected) {
            (Outcome::Failed { kind, .. }, Err(expected)) => kind == expected.as_str(),
            (Outcome::Variables(got), Ok(expected)) => {
                let expected: BTreeMap<String, String> =
                    serde_json::from_value(expected.clone()).unwrap();
                *got == expected
            }
            _ => false,
        };
        if !same {
            flaws.push(format!("{id}: {got:?}, expected {expected:?}"));
        }
    }
    assert!(flaws.is_empty(), "{} of {}:\n{}", flaws.len(), cases.len(), flaws.join("\n"));
}

fn run(url: &str, input: &Value, arns: &BTreeMap<String, String>) -> Outcome {
    let mut text = input.to_string();
    for (mark, arn) in arns {
        text = text.replace(mark, arn);
    }
    let mut environment = BTreeMap::from([
        ("AWS_ENDPOINT_URL", url),
        ("AWS_ACCESS_KEY_ID", "AKIATEST"),
        ("AWS_SECRET_ACCESS_KEY", "key"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE", "aws-secrets-manager"),
    ]);
    for changes in [&input["config"], &input["env"]] {
        for (name, value) in changes.as_object().into_iter().flatten() {
            match value.as_str() {
                Some(value) => environment.insert(name, value),
                None => environment.remove(name.as_str()),
            };
        }
    }
    let environment: Vec<_> = environment.into_iter().collect();
    child::resolve(&serde_json::from_str(&text).unwrap(), &environment)
}

/// Puts the fixture into the server; returns the ARN for each mark that stands for one.
fn load(url: &str, fixture: &[Value]) -> BTreeMap<String, String> {
    let mut arns = BTreeMap::new();
    for secret in fixture {
        let (region, name) = (secret["region"].as_str().unwrap(), &secret["name"]);
        let call = |action, input: Value| wire::call(url, region, action, &input);
        let first = secret.get("previous").or(secret.get("string"));
        let payload = match (first, secret["binary_hex"].as_str()) {
            (Some(text), _) => json!({ "Name": name, "SecretString": text }),
            (None, Some("")) => json!({ "Name": name }),
            (None, Some(hex)) => json!({ "Name": name, "SecretBinary": base64(hex) }),
            (None, None) => panic!("{name} has nothing"),
        };
        // It may be there from an earlier run.
        let made = call("CreateSecret", payload);
        if made.is_ok() {
            if secret.get("previous").is_some() {
                let input = json!({ "SecretId": name, "SecretString": secret["string"] });
                call("PutSecretValue", input).unwrap();
            }
            if secret["scheduled_for_deletion"] == true {
                call("DeleteSecret", json!({ "SecretId": name })).unwrap();
            }
        }
        let described = call("DescribeSecret", json!({ "SecretId": name })).unwrap();
        let (arn, name) = (described["ARN"].as_str().unwrap(), name.as_str().unwrap());
        arns.insert(format!("{{{{ARN:{region}|{name}}}}}"), arn.to_owned());
        let short = arn[..arn.len() - 7].to_owned();
        arns.insert(format!("{{{{ARN_NO_SUFFIX:{region}|{name}}}}}"), short);
    }
    arns
}

fn base64(hex: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
    let group = |three: &[u8]| -> String {
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - three.len()));
        let digit = |n: usize| match n <= three.len() {
            true => char::from(DIGITS[(bits >> (18 - 6 * n)) as usize & 63]),
            false => '=',
        };
        (0..4).map(digit).collect()
    };
    bytes.chunks(3).map(group).collect()
}
