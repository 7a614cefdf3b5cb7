//! Credentials from a secret of another backend: complete, or an error.

use secrets_runtime::{Payload, SecretValue, Store, backends::Local};
use secrets_tests::{
    aws_request::AwsRequest,
    fault_server::{Fault, FaultServer},
};
use serde_json::{Value, json};

use crate::child::{self, Outcome};

const FROM: &str = "SECRETS_AWS_CREDENTIALS_FROM";
const PREFECT: &str = "PREFECT__CONTEXT__SECRETS__AWS_CREDENTIALS";
const WHOLE: &str = r#"{"ACCESS_KEY": "KEPT", "SECRET_ACCESS_KEY": "SeNtInEl-kept"}"#;

/// A child that also has AWS credentials of its own, with a session token.
fn resolve(server: &FaultServer, input: &Value, more: &[(&str, &str)]) -> Outcome {
    let own = [
        ("AWS_ENDPOINT_URL", server.url.as_str()),
        ("AWS_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_ACCESS_KEY_ID", "CHAIN"),
        ("AWS_SECRET_ACCESS_KEY", "SeNtInEl-chain"),
        ("AWS_SESSION_TOKEN", "SeNtInEl-chain-token"),
        ("SECRETS_DEFAULT_BACKEND", "aws-secrets-manager"),
    ];
    child::resolve(input, &own.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
}

fn one() -> Value {
    json!({ "sources": ["s0"] })
}

/// The keys and the session tokens that a server saw.
fn who(server: &FaultServer) -> Vec<(String, String)> {
    server
        .seen()
        .into_iter()
        .map(|AwsRequest { access_key, token, .. }| (access_key, token))
        .collect()
}

fn signed(key: &str, token: &str) -> (String, String) {
    (key.to_owned(), token.to_owned())
}

#[test]
fn they_are_taken_from_a_secret_of_another_backend_and_nothing_is_mixed_in() {
    let with_token = WHOLE.replace('}', r#", "SESSION_TOKEN": "SeNtInEl-token", "REGION": "x"}"#);
    let without = WHOLE.replace('}', r#", "SESSION_TOKEN": null}"#);
    let empty = WHOLE.replace('}', r#", "SESSION_TOKEN": ""}"#);
    for (from, variable, value, token) in [
        ("prefect.AWS_CREDENTIALS", PREFECT, WHOLE, ""),
        ("prefect.AWS_CREDENTIALS", PREFECT, with_token.as_str(), "SeNtInEl-token"),
        ("env.AWS_CREDENTIALS", "AWS_CREDENTIALS", WHOLE, ""),
        ("env.AWS_CREDENTIALS", "AWS_CREDENTIALS", without.as_str(), ""),
        ("env.AWS_CREDENTIALS", "AWS_CREDENTIALS", empty.as_str(), ""),
    ] {
        let server = FaultServer::start().with_many(1);
        let outcome = resolve(&server, &one(), &[(FROM, from), (variable, value)]);
        assert!(matches!(outcome, Outcome::Variables(_)), "{from}: {outcome:?}");
        assert!(who(&server) == [signed("KEPT", token)], "{from}");
    }
}

#[test]
fn they_are_taken_from_the_embedded_store() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, key) = (folder.path().join("store"), folder.path().join("key"));
    let store = Local::new(&dir, &key);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.put("aws", Payload::Json(SecretValue::from(WHOLE)))).unwrap();
    let server = FaultServer::start().with_many(1);
    let place = [
        (FROM, "local.aws"),
        ("SECRETS_LOCAL_DIR", dir.to_str().unwrap()),
        ("SECRETS_LOCAL_KEY_FILE", key.to_str().unwrap()),
    ];
    let outcome = resolve(&server, &one(), &place);
    assert!(matches!(outcome, Outcome::Variables(_)), "{outcome:?}");
    assert!(who(&server) == [signed("KEPT", "")]);
}

#[test]
fn a_role_is_assumed_with_them() {
    let server = FaultServer::start().with_many(1);
    let input = json!({ "sources": ["s0"], "role": "arn:aws:iam::123456789012:role/Reader" });
    let outcome = resolve(&server, &input, &[(FROM, "prefect.AWS_CREDENTIALS"), (PREFECT, WHOLE)]);
    assert!(matches!(outcome, Outcome::Variables(_)), "{outcome:?}");
    assert!(who(&server) == [signed("KEPT", ""), signed("KEY-Reader", "SeNtInEl-token")]);
}

#[test]
fn missing_broken_and_partial_credentials_are_errors_and_no_others_are_used() {
    const ACCESS: &str = r#"{"ACCESS_KEY": "SeNtInEl"}"#;
    const SECRET: &str = r#"{"SECRET_ACCESS_KEY": "SeNtInEl", "ACCESS_KEY": ""}"#;
    const TOKEN: &str = r#"{"SESSION_TOKEN": "SeNtInEl"}"#;
    const BROKEN: &str = r#"{"ACCESS_KEY": "SeNtInEl\n", "SECRET_ACCESS_KEY": "SeNtInEl"}"#;
    const BROKEN_TOKEN: &str =
        r#"{"ACCESS_KEY": "KEPT", "SECRET_ACCESS_KEY": "SeNtInEl", "SESSION_TOKEN": "SeNtInEl x"}"#;
    for (value, kind, part) in [
        (None, "AccessDenied", "SECRET_ACCESS_KEY"),
        (Some(ACCESS), "AccessDenied", "have no `SECRET_ACCESS_KEY`,"),
        (Some(SECRET), "AccessDenied", "have no `ACCESS_KEY`,"),
        (Some(TOKEN), "AccessDenied", "have no `ACCESS_KEY`, `SECRET_ACCESS_KEY`,"),
        (Some("{}"), "AccessDenied", "have no `ACCESS_KEY`, `SECRET_ACCESS_KEY`,"),
        (Some("SeNtInEl"), "Undecodable", "JSON"),
        (Some(BROKEN), "Undecodable", "`ACCESS_KEY`"),
        (Some(BROKEN_TOKEN), "Undecodable", "`SESSION_TOKEN`"),
    ] {
        let server = FaultServer::start().with_many(2);
        let mut more = vec![(FROM, "env.MY_AWS")];
        more.extend(value.map(|value| ("MY_AWS", value)));
        // One that may be missing is not taken for missing.
        let optional = json!({ "id": "s0", "options": { "required": false } });
        for sources in [json!(["s0"]), json!(["s0", "s1"]), json!([optional])] {
            let (actual, text) = resolve(&server, &json!({ "sources": sources }), &more).failure();
            assert_eq!(actual, kind, "{text}");
            assert!(text.contains("`env.MY_AWS` (SECRETS_AWS_CREDENTIALS_FROM)"), "{text}");
            assert!(text.contains(part), "{part}: {text}");
            assert!(!text.contains("SeNtInEl"), "a value is in the error about {part}");
        }
        assert_eq!(server.seen(), [], "about {part}");
    }
}

#[test]
fn a_chain_does_not_pass_over_aws_because_its_credentials_are_missing() {
    let server = FaultServer::start().with_many(1);
    let more = [
        (FROM, "env.MY_AWS"),
        ("SECRETS_DEFAULT_BACKEND", "aws-secrets-manager,env"),
        ("s0", "SeNtInEl"),
    ];
    let (kind, text) = resolve(&server, &one(), &more).failure();
    assert_eq!(kind, "AccessDenied", "{text}");
    assert_eq!(server.seen(), []);
}

#[test]
fn a_secret_that_aws_itself_would_have_to_give_is_a_wrong_setting() {
    for (from, default) in [
        ("aws-secrets-manager.creds", "env"),
        ("arn:aws:secretsmanager:us-east-1:123456789012:secret:creds-x1Y2z3", "env"),
        ("AWS_CREDENTIALS", "aws-secrets-manager"),
        ("AWS_CREDENTIALS", "env,aws-secrets-manager"),
    ] {
        let server = FaultServer::start().with_many(1);
        let more = [(FROM, from), ("SECRETS_DEFAULT_BACKEND", default), ("AWS_CREDENTIALS", WHOLE)];
        // Even a step that needs nothing from AWS fails: a wrong setting is never ignored.
        for source in ["s0", "env.HOME"] {
            let (kind, text) = resolve(&server, &json!({ "sources": [source] }), &more).failure();
            assert_eq!(kind, "InvalidConfig", "{from}: {text}");
            assert!(text.contains(FROM) && text.contains("such as local."), "{from}: {text}");
            assert!(!text.contains("SeNtInEl"), "a value is in the error about {from}");
        }
        assert_eq!(server.seen(), [], "{from}");
    }
}

#[test]
fn an_untyped_secret_is_of_the_default_backends() {
    let server = FaultServer::start().with_many(1);
    let more = [
        (FROM, "AWS_CREDENTIALS"),
        ("SECRETS_DEFAULT_BACKEND", "prefect,env"),
        ("AWS_CREDENTIALS", WHOLE),
    ];
    let outcome = resolve(&server, &json!({ "sources": ["aws-secrets-manager.s0"] }), &more);
    assert!(matches!(outcome, Outcome::Variables(_)), "{outcome:?}");
    assert!(who(&server) == [signed("KEPT", "")]);
}

#[test]
fn credentials_that_aws_refuses_are_reported_with_their_origin() {
    let fault = Fault::Code("UnrecognizedClientException", "");
    let server = FaultServer::start().with_many(1).failing("*", 1000, fault);
    let (kind, text) =
        resolve(&server, &one(), &[(FROM, "env.MY_AWS"), ("MY_AWS", WHOLE)]).failure();
    assert_eq!(kind, "AccessDenied", "{text}");
    assert!(text.contains(FROM) && !text.contains("SeNtInEl"), "{text}");
}
