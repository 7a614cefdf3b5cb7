//! Profiles as laptops have them: with a `credential_process`, and with a sign-in to IAM Identity Center.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use secrets_tests::{fault_server::FaultServer, http::server, stub_server::StubServer};
use serde_json::json;

use crate::{
    child::{self, Outcome},
    wire,
};

/// Resolves `s0` with the profile `work` of this file. The home folder is `folder`.
fn resolve(url: &str, folder: &Path, config: &str, more: &[(&str, &str)]) -> Outcome {
    let file = folder.join("config");
    fs::write(&file, config).unwrap();
    let mut all = vec![
        ("HOME", folder.to_str().unwrap()),
        ("SECRETS_DEFAULT_BACKEND", "aws-secrets-manager"),
        ("AWS_ENDPOINT_URL", url),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", file.to_str().unwrap()),
        ("AWS_PROFILE", "work"),
        ("SECRETS_TIMEOUT", "10"),
    ];
    all.extend(more);
    child::resolve(&json!({ "sources": ["s0"] }), &all)
}

/// A program that runs this script, as the `credential_process` of the profile `work`.
fn process(folder: &Path, script: &str) -> String {
    let program = folder.join("credentials");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    format!(
        "[profile work]\nregion = us-east-1\ncredential_process = {} --for work\n",
        program.display()
    )
}

const PRINTED: &str = r#"echo '{"Version": 1, "AccessKeyId": "PROCESS", "SecretAccessKey": "SeNtInEl-key", "SessionToken": "SeNtInEl-token"}'"#;

#[test]
fn the_credentials_of_a_program_are_used() {
    let folder = tempfile::tempdir().unwrap();
    let server = FaultServer::start().with_many(1);
    let config = process(folder.path(), PRINTED);
    let outcome = resolve(&server.url, folder.path(), &config, &[]);
    assert!(matches!(outcome, Outcome::Variables(_)), "{outcome:?}");
    let seen = &server.seen()[0];
    assert_eq!((seen.access_key.as_str(), seen.token.as_str()), ("PROCESS", "SeNtInEl-token"));
    // The SDK takes those of the environment first.
    let own = [("AWS_ACCESS_KEY_ID", "OWN"), ("AWS_SECRET_ACCESS_KEY", "SeNtInEl")];
    resolve(&server.url, folder.path(), &config, &own);
    assert_eq!(server.seen()[1].access_key, "OWN");

    let Some(url) = server_of_moto() else { return };
    let outcome = resolve(&url, folder.path(), &config, &[]);
    assert!(matches!(outcome, Outcome::Variables(_)), "{outcome:?}");
}

/// moto, with the secret `s0`.
fn server_of_moto() -> Option<String> {
    let url = server("SECRETS_TEST_MOTO_URL")?;
    let input = json!({ "Name": "s0", "SecretString": r#"{"k": "SeNtInEl"}"# });
    // An earlier run may have left it.
    let _ = wire::call(&url, "us-east-1", "CreateSecret", &input);
    Some(url)
}

#[test]
fn a_program_that_fails_is_named_without_what_it_has_written() {
    let server = FaultServer::start().with_many(1);
    for (script, wanted) in [
        ("echo SeNtInEl >&2; exit 3", "failed (exit status: 3)"),
        ("kill -9 $$", "failed (exit status: 137)"),
        ("echo SeNtInEl", "printed something else than credentials"),
        (r#"echo '{"Version": 2, "AccessKeyId": "SeNtInEl"}'"#, "printed something else"),
        (r#"echo '{"Version": 1, "AccessKeyId": "SeNtInEl"}'"#, "printed something else"),
        (r"printf 'SeNtInEl\377'", "printed something that is not text"),
        ("true", "printed something else"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let config = process(folder.path(), script);
        let (kind, text) = resolve(&server.url, folder.path(), &config, &[]).failure();
        assert_eq!(kind, "AccessDenied", "{script}: {text}");
        assert!(text.contains("`credential_process` of the AWS profile `work`"), "{text}");
        assert!(text.contains(wanted), "{script}: {text}");
        assert!(!text.contains("SeNtInEl"), "{script}: {text}");
    }
    let folder = tempfile::tempdir().unwrap();
    let missing = "[profile work]\nregion = us-east-1\ncredential_process = /no/such/program\n";
    let (kind, text) = resolve(&server.url, folder.path(), missing, &[]).failure();
    assert_eq!(kind, "AccessDenied", "{text}");
    assert!(text.contains("failed (exit status: 127)"), "{text}");
    assert_eq!(server.seen(), []);
}

#[test]
fn a_program_that_hangs_is_not_waited_for() {
    let server = FaultServer::start().with_many(1);
    let folder = tempfile::tempdir().unwrap();
    let config = process(folder.path(), "exec sleep 5");
    let more = [("SECRETS_TIMEOUT", "0.5")];
    let (kind, text) = resolve(&server.url, folder.path(), &config, &more).failure();
    assert_eq!(kind, "Timeout", "{text}");
}

/// The SHA-1 of `work`, the name of the session, by which the token is kept.
const TOKEN_FILE: &str = ".aws/sso/cache/e274eeff768c6396088ec6eb091f4bf4d47ab1e0.json";

const SIGN_IN: &str = "[profile work]\nregion = us-east-1\nsso_session = work\nsso_account_id = 123456789012\nsso_role_name = Developer\n[sso-session work]\nsso_region = eu-west-1\nsso_start_url = https://portal.example/start\n";

fn keep_token(folder: &Path, expires_at: &str) {
    let file = folder.join(TOKEN_FILE);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let token = json!({
        "accessToken": "SeNtInEl-sign-in",
        "expiresAt": expires_at,
        "region": "eu-west-1",
        "startUrl": "https://portal.example/start",
    });
    fs::write(file, token.to_string()).unwrap();
}

/// The portal, which hands out credentials of a role. Its address is a setting of the SDK (AWS_ENDPOINT_URL_SSO).
fn portal(status: u16) -> StubServer {
    let body = json!({ "roleCredentials": {
        "accessKeyId": "SIGNED-IN",
        "secretAccessKey": "SeNtInEl-key",
        "sessionToken": "SeNtInEl-token",
        "expiration": 4_102_444_800_000_u64,
    }});
    StubServer::new(status, "content-type: application/json\r\n", &body.to_string())
}

#[test]
fn the_credentials_of_a_sign_in_are_used() {
    let (folder, server, portal) =
        (tempfile::tempdir().unwrap(), FaultServer::start().with_many(1), portal(200));
    keep_token(folder.path(), "2099-01-01T00:00:00Z");
    let url = portal.url();
    let more = [("AWS_ENDPOINT_URL_SSO", url.as_str())];
    let outcome = resolve(&server.url, folder.path(), SIGN_IN, &more);
    assert!(matches!(outcome, Outcome::Variables(_)), "{outcome:?}");
    let asked = &portal.requests()[0];
    assert!(asked.line.starts_with("GET /federation/credentials?"), "{}", asked.line);
    assert!(asked.line.contains("role_name=Developer") && asked.line.contains("123456789012"));
    assert_eq!(asked.header("x-amz-sso_bearer_token"), Some("SeNtInEl-sign-in"));
    let seen = &server.seen()[0];
    assert_eq!((seen.access_key.as_str(), seen.token.as_str()), ("SIGNED-IN", "SeNtInEl-token"));
    // A profile that assumes a role from it.
    let role = "role_arn = arn:aws:iam::123456789012:role/Reader\nsource_profile = base\n";
    let config = SIGN_IN.replace("[profile work]", "[profile base]");
    let config = format!("[profile work]\nregion = us-east-1\n{role}{config}");
    let outcome = resolve(&server.url, folder.path(), &config, &more);
    assert!(matches!(outcome, Outcome::Variables(_)), "{outcome:?}");
    assert_eq!(server.seen().pop().unwrap().access_key, "KEY-Reader");
}

#[test]
fn one_who_is_not_signed_in_is_told_how() {
    let server = FaultServer::start().with_many(1);
    for (expires_at, status) in
        [(None, 200), (Some("2020-01-01T00:00:00Z"), 200), (Some("2099-01-01T00:00:00Z"), 401)]
    {
        let (folder, portal) = (tempfile::tempdir().unwrap(), portal(status));
        if let Some(expires_at) = expires_at {
            keep_token(folder.path(), expires_at);
        }
        let url = portal.url();
        let more = [("AWS_ENDPOINT_URL_SSO", url.as_str())];
        let (kind, text) = resolve(&server.url, folder.path(), SIGN_IN, &more).failure();
        assert_eq!(kind, "AccessDenied", "{text}");
        assert!(text.contains("aws sso login --profile work"), "{text}");
        assert!(!text.contains("SeNtInEl"), "{text}");
    }
    assert_eq!(server.seen(), []);
}
