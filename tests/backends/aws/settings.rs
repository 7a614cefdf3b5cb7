//! Region, endpoint and credentials from the environment.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
};

use secrets_tests::fault_server::FaultServer;
use serde_json::json;

use crate::child::{self, Outcome};

const KEY: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "CALLER"), ("AWS_SECRET_ACCESS_KEY", "SeNtInEl-key")];

fn environment<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let quiet = ("AWS_EC2_METADATA_DISABLED", "true");
    let backend = ("SECRETS_DEFAULT_BACKEND", "aws-secrets-manager");
    KEY.into_iter().chain([quiet, backend]).chain(more.iter().copied()).collect()
}

#[test]
fn the_region_is_the_arns_then_the_options_then_the_settings_then_the_sdks() {
    let server = FaultServer::start();
    let regions = ["us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1"];
    let server = regions.iter().fold(server, |server, region| server.with(region, "s", "{}"));
    let arn = server.arn("us-east-1", "s");
    let options = json!({ "region": "us-east-2" });
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("config");
    fs::write(&profile, "[default]\nregion = eu-west-1\n").unwrap();
    let file = profile.to_str().unwrap();
    let all = [
        ("AWS_ENDPOINT_URL", server.url.as_str()),
        ("AWS_CONFIG_FILE", file),
        ("AWS_REGION", "us-west-2"),
        ("SECRETS_AWS_REGION", "us-west-1"),
    ];
    for (source, variables, expected) in [
        (json!({ "id": arn, "options": options }), 4, "us-east-1"),
        (json!({ "id": "s", "options": options }), 4, "us-east-2"),
        (json!("s"), 4, "us-west-1"),
        (json!("s"), 3, "us-west-2"),
        (json!("s"), 2, "eu-west-1"),
    ] {
        server.forget();
        let outcome =
            child::resolve(&json!({ "sources": [source] }), &environment(&all[..variables]));
        assert_eq!(outcome, Outcome::Variables([].into()), "{source}");
        assert_eq!(server.seen()[0].region, expected, "{source} with {variables} settings");
    }
}

#[test]
fn without_a_region_it_says_where_one_may_be_set() {
    let server = FaultServer::start();
    let url = [("AWS_ENDPOINT_URL", server.url.as_str())];
    let outcome = child::resolve(&json!({ "sources": ["s", "t"] }), &environment(&url));
    let (kind, text) = outcome.failure();
    assert_eq!(kind, "InvalidConfig");
    assert!(text.contains("AWS_REGION") && text.contains("options"), "{text}");
    assert_eq!(server.seen(), []);
}

#[test]
fn without_credentials_access_is_denied_and_nothing_is_sent() {
    let server = FaultServer::start();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = format!("http://{closed}");
    // With no instance metadata service, whether that is said or found out.
    for quiet in
        [("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &closed)]
    {
        let environment = [
            ("AWS_ENDPOINT_URL", server.url.as_str()),
            ("AWS_REGION", "us-east-1"),
            ("SECRETS_DEFAULT_BACKEND", "aws-secrets-manager"),
            quiet,
        ];
        let (kind, text) = child::resolve(&json!({ "sources": ["s"] }), &environment).failure();
        assert_eq!(kind, "AccessDenied", "{text}");
        assert!(text.contains("AWS_PROFILE"), "{text}");
        assert_eq!(server.seen(), []);
    }
}

#[test]
fn endpoints_of_the_service_are_the_sdks_settings() {
    let (all, own) = (FaultServer::start(), FaultServer::start().with("us-east-1", "s", "{}"));
    let outcome = child::resolve(
        &json!({ "sources": ["s"], "role": "arn:aws:iam::123456789012:role/R" }),
        &environment(&[
            ("AWS_ENDPOINT_URL", &all.url),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &own.url),
            ("AWS_REGION", "us-east-1"),
        ]),
    );
    assert_eq!(outcome, Outcome::Variables([].into()));
    assert_eq!(own.counts().into_keys().collect::<Vec<_>>(), ["GetSecretValue"]);
    assert_eq!(all.counts().into_keys().collect::<Vec<_>>(), ["AssumeRole"]);
}

/// A proxy that refuses everything, and records the requests.
fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let own = asked.clone();
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let mut line = String::new();
            let _ = BufReader::new(connection).read_line(&mut line);
            own.lock().unwrap().push(line.trim_end().to_owned());
        }
    });
    (url, asked)
}

#[test]
fn fips_dual_stack_partitions_and_proxies_are_honoured() {
    let cn = "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:s";
    let iso = "arn:aws-iso:secretsmanager:us-iso-east-1:123456789012:secret:s";
    let gov = "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:s";
    for (source, settings, host) in [
        ("s", vec![], "secretsmanager.us-east-1.amazonaws.com"),
        ("s", vec!["AWS_USE_FIPS_ENDPOINT"], "secretsmanager-fips.us-east-1.amazonaws.com"),
        // That name has addresses of both kinds there.
        ("s", vec!["AWS_USE_DUALSTACK_ENDPOINT"], "secretsmanager.us-east-1.amazonaws.com"),
        (iso, vec!["AWS_USE_DUALSTACK_ENDPOINT"], "secretsmanager.us-iso-east-1.api.aws.ic.gov"),
        (cn, vec![], "secretsmanager.cn-north-1.amazonaws.com.cn"),
        (gov, vec![], "secretsmanager.us-gov-west-1.amazonaws.com"),
    ] {
        let (url, asked) = proxy();
        let mut more = vec![
            ("AWS_REGION", "us-east-1"),
            ("HTTPS_PROXY", url.as_str()),
            ("AWS_MAX_ATTEMPTS", "1"),
        ];
        more.extend(settings.into_iter().map(|name| (name, "true")));
        let outcome = child::resolve(&json!({ "sources": [source] }), &environment(&more));
        assert_eq!(outcome.failure().0, "Unavailable");
        assert_eq!(*asked.lock().unwrap(), [format!("CONNECT {host}:443 HTTP/1.1")]);
    }
}

#[test]
fn an_endpoint_that_is_not_an_address_is_reported_with_its_setting() {
    let more = [("AWS_REGION", "us-east-1"), ("AWS_ENDPOINT_URL", "not an address")];
    let outcome = child::resolve(&json!({ "sources": ["s"] }), &environment(&more));
    let (kind, text) = outcome.failure();
    assert_eq!(kind, "InvalidConfig", "{text}");
    assert!(text.contains("`not an address`") && text.contains("AWS_ENDPOINT_URL"), "{text}");
}

#[test]
fn connections_that_ended_with_the_io_thread_are_made_again() {
    let server = FaultServer::start().with("us-east-1", "s", r#"{"a": "SeNtInEl"}"#);
    let more = [("AWS_REGION", "us-east-1"), ("AWS_ENDPOINT_URL", server.url.as_str())];
    let input = json!({ "sources": ["s"], "export_between": true });
    let outcome = child::resolve(&input, &environment(&more));
    let expected = [("a".to_owned(), "SeNtInEl".to_owned())];
    assert_eq!(outcome, Outcome::Variables(expected.into()));
    assert_eq!(server.counts()["GetSecretValue"], 2);
}
