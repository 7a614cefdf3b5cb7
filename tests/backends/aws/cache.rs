//! The cache of AWS's answers: one entry for one secret, by whatever name or ARN it is asked for.

use std::time::Duration;

use secrets_runtime::{__testing::ManualClock, Declaration, ErrorKind, Resolver, Secrets};

use secrets_tests::fault_server::{ACCOUNT, Fault, FaultServer};

use crate::setup::{aws, builder, resolve};

fn at(server: &FaultServer) -> Resolver {
    builder(aws(&server.url)).build().unwrap()
}

const VALUE: &str = r#"{"password": "SeNtInEl"}"#;

fn db() -> FaultServer {
    FaultServer::start().with("us-east-1", "prod/db", VALUE)
}

/// Every way in which one secret can be written, each with the group that reads it.
fn spellings(server: &FaultServer) -> Vec<(String, String)> {
    let full = server.arn("us-east-1", "prod/db");
    let partial = full[..full.len() - 7].to_owned();
    let with = |id: &str, options: &str| {
        format!(r#"{{"id": "{id}", "group": "db", "options": {{{options}}}}}"#)
    };
    let db = || "db".to_owned();
    vec![
        ("prod/db".to_owned(), "prod/db".to_owned()),
        (full.clone(), full.clone()),
        (partial.clone(), partial),
        (with("prod/db", r#""version_stage": "AWSCURRENT""#), db()),
        (with(&full, r#""version_stage": "AWSCURRENT""#), db()),
        (with("prod/db", r#""region": "us-east-1""#), db()),
        (with("prod/db", r#""json": true"#), db()),
    ]
}

fn assert_reads(secrets: &Secrets, group: &str) {
    assert_eq!(secrets.get(group, "password").unwrap().expose_str().unwrap(), "SeNtInEl");
}

/// How many secrets were asked for.
fn asked(server: &FaultServer) -> usize {
    server.seen().iter().filter(|seen| seen.action.ends_with("GetSecretValue")).count()
}

#[test]
fn names_arns_and_an_explicit_current_version_are_one_entry() {
    let server = db();
    let resolver = at(&server);
    for (source, group) in spellings(&server) {
        assert_reads(&resolve(&resolver, &[source]).unwrap(), &group);
    }
    assert_eq!(asked(&server), 1);
    // A request for a member is of the same secret.
    let request = Declaration::builder("step").request("prod/db", "password").unwrap().build();
    assert_reads(&resolver.resolve_blocking(&request).unwrap().secrets, "prod/db");
    assert_eq!(asked(&server), 1);
}

#[test]
fn so_they_are_in_whatever_order_they_come_in_a_role() {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/reader");
    let resolve = |resolver: &Resolver, source: &str| {
        let declaration = Declaration::builder("step").source(source).unwrap().role(&role).unwrap();
        resolver.resolve_blocking(&declaration.build()).unwrap().secrets
    };
    let server = db();
    // The region of a name without one is not known before it was asked for.
    let spellings = spellings(&server)
        .into_iter()
        .filter(|(source, _)| source.starts_with("arn:") || source.contains("\"region\""));
    let resolver = at(&server);
    for (source, group) in spellings {
        assert_reads(&resolve(&resolver, &source), &group);
    }
    assert_eq!(asked(&server), 1);
}

#[test]
fn after_each_was_asked_for_once_they_are_one() {
    let server = db();
    let resolver = at(&server);
    let (full, name) = (server.arn("us-east-1", "prod/db"), "prod/db".to_owned());
    // Nothing says yet whose names these are.
    resolve(&resolver, &[&full]).unwrap();
    resolve(&resolver, &[&name]).unwrap();
    assert_eq!(asked(&server), 2);
    for (source, group) in spellings(&server) {
        assert_reads(&resolve(&resolver, &[source]).unwrap(), &group);
    }
    assert_eq!(asked(&server), 2);
}

#[test]
fn in_one_step_they_are_one_request() {
    let server = db();
    let full = server.arn("us-east-1", "prod/db");
    let current = r#"{"id": "prod/db", "group": "db", "options": {"version_stage": "AWSCURRENT"}}"#;
    let secrets = resolve(&at(&server), &["prod/db", &full, current]).unwrap();
    for group in ["prod/db", &full, "db"] {
        assert_reads(&secrets, group);
    }
    assert_eq!(asked(&server), 1);
}

#[test]
fn roles_regions_and_versions_are_kept_apart() {
    let server = db().with("eu-west-1", "prod/db", r#"{"password": "SeNtInEl-eu"}"#);
    let resolver = at(&server);
    resolve(&resolver, &["prod/db"]).unwrap();
    let europe = r#"{"id": "prod/db", "options": {"region": "eu-west-1"}}"#;
    let secrets = resolve(&resolver, &[europe]).unwrap();
    let password = secrets.get("prod/db", "password").unwrap();
    assert_eq!(password.expose_str().unwrap(), "SeNtInEl-eu");
    let previous = r#"{"id": "prod/db", "options": {"version_stage": "AWSPREVIOUS"}}"#;
    resolve(&resolver, &[previous]).unwrap();
    let role = format!(r#"{{"id": "prod/db", "role": "arn:aws:iam::{ACCOUNT}:role/reader"}}"#);
    resolve(&resolver, &[role]).unwrap();
    assert_eq!(asked(&server), 4);
}

#[test]
fn a_refresh_reaches_all_names_and_roles_of_the_secret() {
    let server = db();
    let resolver = at(&server);
    let role = format!(r#"{{"id": "prod/db", "role": "arn:aws:iam::{ACCOUNT}:role/reader"}}"#);
    resolve(&resolver, &["prod/db"]).unwrap();
    resolve(&resolver, &[&role]).unwrap();
    let server = server.with("us-east-1", "prod/db", r#"{"password": "SeNtInEl-new"}"#);
    let full = server.arn("us-east-1", "prod/db");
    resolver.refresh_blocking(&full).unwrap();
    for (source, group) in [("prod/db", "prod/db"), (&full, &full), (&role, "prod/db")] {
        let secrets = resolve(&resolver, &[source]).unwrap();
        let password = secrets.get(group, "password").unwrap();
        assert_eq!(password.expose_str().unwrap(), "SeNtInEl-new", "{source}");
    }
    assert_eq!(asked(&server), 4);
}

#[test]
fn an_expired_value_is_used_while_aws_throttles() {
    let server = db();
    let builder = builder(aws(&server.url).with_max_attempts(1));
    let (ttl, clock) = (Duration::from_secs(100), ManualClock::new());
    let resolver = builder.cache_ttl(ttl).clock(&clock).build().unwrap();
    resolve(&resolver, &["prod/db"]).unwrap();
    clock.advance(ttl);
    let server =
        server.failing("GetSecretValue", 1, Fault::Code("ThrottlingException", "Rate exceeded"));
    assert_reads(&resolve(&resolver, &["prod/db"]).unwrap(), "prod/db");
    // Its backend was left alone for a while.
    clock.advance(Duration::from_secs(5));
    let server = server.refusing("prod/db", "AccessDeniedException", "no");
    let error = resolve(&resolver, &["prod/db"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert_eq!(asked(&server), 3);
}
