//! Wrong settings of the AWS SDK: each error names what was found, and where it is set.

use std::fs;

use secrets_tests::fault_server::FaultServer;
use serde_json::json;

use crate::child::{self, Outcome};

/// Resolves one secret with these variables, and with this text as the file of profiles.
fn resolve(config: &str, variables: &[(&str, &str)]) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    fs::write(&file, config).unwrap();
    let mut all = vec![
        ("SECRETS_DEFAULT_BACKEND", "aws-secrets-manager"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", file.to_str().unwrap()),
        ("SECRETS_TIMEOUT", "5"),
    ];
    all.extend(variables);
    child::resolve(&json!({ "sources": ["s0"] }), &all)
}

/// Checks that the error names all of this, and nothing that is wrong here.
#[track_caller]
fn fails(config: &str, variables: &[(&str, &str)], wanted: &[&str]) {
    let (kind, text) = resolve(config, variables).failure();
    assert!(["InvalidConfig", "AccessDenied"].contains(&kind.as_str()), "{kind}: {text}");
    for wanted in wanted {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    for bad in ["cargo", "SeNtInEl", "set AWS_PROFILE", "FIPS"] {
        assert!(!text.contains(bad), "{bad}: {text}");
    }
}

const REGION: (&str, &str) = ("AWS_REGION", "us-east-1");

#[test]
fn a_profile_is_named_with_what_is_wrong_with_it() {
    let role = "role_arn = arn:aws:iam::123456789012:role/R\nsource_profile = b";
    for (config, profile, wanted) in [
        ("", "typo", ["`typo`", "AWS_PROFILE"]),
        ("[default]\nregion = us-east-1\n[profile prod]", "typo", ["`typo`", "`prod`"]),
        ("[prod]\naws_access_key_id = A", "prod", ["`prod`", "[profile prod]"]),
        (&format!("[profile a]\n{role}"), "a", ["`b`", "`source_profile` of `a`"]),
        ("[profile a]\nsso_session = s\n[sso-session s]", "a", ["SSO", "`a`"]),
        ("[profile a]\nlogin_session = s", "a", ["SSO", "`a`"]),
        ("[profile a]\naws_access_key_id = A", "a", ["`a`", "aws_secret_access_key"]),
    ] {
        fails(config, &[("AWS_PROFILE", profile), REGION], &wanted);
        fails(config, &[("AWS_PROFILE", profile)], &wanted);
    }
    let missing = [("AWS_PROFILE", "typo"), ("AWS_CONFIG_FILE", "/no/such/file"), REGION];
    fails("", &missing, &["`typo`", "/no/such/file"]);
}

#[test]
fn a_variable_is_named_with_what_is_wrong_with_it() {
    const ID: (&str, &str) = ("AWS_ACCESS_KEY_ID", "A");
    const FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
    let role = ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/R");
    fails("", &[ID, REGION], &["AWS_SECRET_ACCESS_KEY is not set"]);
    let empty = ("AWS_SECRET_ACCESS_KEY", "");
    fails("", &[ID, empty, REGION], &["AWS_SECRET_ACCESS_KEY is empty"]);
    let key = ("AWS_SECRET_ACCESS_KEY", "SeNtInEl");
    fails("", &[key, REGION], &["AWS_ACCESS_KEY_ID is not set"]);
    fails("", &[(FILE, "/no/such/token"), role, REGION], &[FILE, "/no/such/token"]);
    fails("", &[(FILE, "/no/such/token"), REGION], &["AWS_ROLE_ARN"]);
    let path = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "creds");
    fails("", &[path], &[path.0, "`creds`"]);
    for address in ["creds", "10.0.0.1/creds", "http://10.0.0.1/creds"] {
        let variable = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
        fails("", &[(variable, address), REGION], &[variable, address]);
    }
    for (variable, text) in [
        ("AWS_MAX_ATTEMPTS", "many"),
        ("AWS_MAX_ATTEMPTS", ""),
        ("AWS_MAX_ATTEMPTS", "0"),
        ("AWS_RETRY_MODE", "fast"),
    ] {
        fails("", &[ID, key, REGION, (variable, text)], &[variable, &format!("`{text}`")]);
    }
    for (line, wanted) in [
        ("max_attempts = many", "`many`"),
        ("retry_mode = fast", "`fast`"),
        ("endpoint_url = 127.0.0.1:9", "`127.0.0.1:9`"),
    ] {
        let config =
            format!("[profile a]\naws_access_key_id = A\naws_secret_access_key = b\n{line}");
        let (name, _) = line.split_once(' ').unwrap();
        let profile = ("AWS_PROFILE", "a");
        fails(&config, &[profile, REGION], &[wanted, "`a`", name]);
    }
    for url in [
        "127.0.0.1:9",
        "localhost:9",
        "moto",
        "http://",
        "ftp://host",
        "http://h:port",
        "http://h ",
    ] {
        for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER"] {
            fails("", &[ID, key, REGION, (variable, url)], &[variable]);
        }
    }
    let hidden = ("AWS_ENDPOINT_URL", "user:SeNtInEl@host");
    fails("", &[ID, key, REGION, hidden], &["AWS_ENDPOINT_URL"]);
    fails("", &[ID, key, ("AWS_REGION", "us east")], &["AWS_REGION", "`us east`"]);
}

#[test]
fn white_space_around_a_region_does_not_count() {
    for region in ["us-east-1 ", " us-east-1", "us-east-1\t", "us-east-1\n"] {
        for variable in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            let server = FaultServer::start().with("us-east-1", "s0", r#"{"a": "SeNtInEl"}"#);
            let variables = [
                ("AWS_ACCESS_KEY_ID", "A"),
                ("AWS_SECRET_ACCESS_KEY", "SeNtInEl"),
                ("AWS_ENDPOINT_URL", server.url.as_str()),
                (variable, region),
            ];
            let outcome = resolve("", &variables);
            assert!(matches!(outcome, Outcome::Variables(_)), "{variable}={region:?}: {outcome:?}");
            assert_eq!(server.seen()[0].region, "us-east-1");
        }
    }
}

#[test]
fn what_is_on_this_machine_is_not_asked_through_a_proxy() {
    for proxy in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        let server = FaultServer::start().with("us-east-1", "s0", r#"{"a": "SeNtInEl"}"#);
        let variables = [
            ("AWS_ACCESS_KEY_ID", "A"),
            ("AWS_SECRET_ACCESS_KEY", "SeNtInEl"),
            ("AWS_ENDPOINT_URL", server.url.as_str()),
            (proxy, "http://127.0.0.1:1"),
            REGION,
        ];
        let outcome = resolve("", &variables);
        assert!(matches!(outcome, Outcome::Variables(_)), "{proxy}: {outcome:?}");
    }
}
