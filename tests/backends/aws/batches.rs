//! The number of requests of a resolution.

use std::{collections::BTreeMap, time::Duration};

use secrets_runtime::__testing::ManualClock;
use secrets_tests::fault_server::{Fault, FaultServer};

use crate::setup::{at, aws, names, resolve, resolver};

fn counts(expected: &[(&str, usize)]) -> BTreeMap<String, usize> {
    expected.iter().map(|(action, count)| ((*action).to_owned(), *count)).collect()
}

#[test]
fn requests_for_one_to_fifty_sources() {
    for (sources, expected) in [
        (1, ("GetSecretValue", 1)),
        (2, ("BatchGetSecretValue", 1)),
        (20, ("BatchGetSecretValue", 1)),
        (21, ("BatchGetSecretValue", 2)),
        (50, ("BatchGetSecretValue", 3)),
    ] {
        let server = FaultServer::start().with_many(sources);
        let secrets = resolve(&at(&server), &names(sources)).unwrap();
        assert_eq!(server.counts(), counts(&[expected]), "{sources} sources");
        for n in 0..sources {
            let value = secrets.get(&format!("s{n}"), &format!("v{n}")).unwrap();
            assert_eq!(value.expose_str().unwrap(), format!("SeNtInEl-{n}"));
        }
    }
}

#[test]
fn chunks_are_fetched_at_the_same_time() {
    let server = FaultServer::start().with_many(100).together(5);
    resolve(&at(&server), &names(100)).unwrap();
    assert_eq!(server.counts(), counts(&[("BatchGetSecretValue", 5)]));
}

#[test]
fn regions_are_asked_each_for_its_own() {
    let server = FaultServer::start()
        .with_many(3)
        .with("us-west-2", "west", r#"{"w": "SeNtInEl"}"#)
        .with("eu-west-1", "s0", r#"{"e": "SeNtInEl"}"#);
    let west = server.arn("us-west-2", "west");
    let sources = [
        "s0",
        "s1",
        &west,
        r#"{"id": "s0", "group": "europe", "options": {"region": "eu-west-1"}}"#,
    ];
    let secrets = resolve(&at(&server), &sources).unwrap();
    assert!(secrets.get(&west, "w").is_ok() && secrets.get("europe", "e").is_ok());
    assert_eq!(server.counts(), counts(&[("BatchGetSecretValue", 1), ("GetSecretValue", 2)]));
    let regions: Vec<_> = server.seen().into_iter().map(|seen| (seen.region, seen.ids)).collect();
    for expected in
        [("us-east-1", vec!["s0", "s1"]), ("us-west-2", vec![&west]), ("eu-west-1", vec!["s0"])]
    {
        let ids = expected.1.into_iter().map(str::to_owned).collect();
        assert!(regions.contains(&(expected.0.to_owned(), ids)), "{regions:?}");
    }
}

#[test]
fn a_name_and_the_arns_of_one_secret_are_one_batch() {
    let server = FaultServer::start().with_many(1);
    let full = server.arn("us-east-1", "s0");
    let partial = &full[..full.len() - 7];
    let secrets = resolve(&at(&server), &["s0", &full, partial]).unwrap();
    assert_eq!(server.counts(), counts(&[("BatchGetSecretValue", 1)]));
    for group in ["s0", &full, partial] {
        assert_eq!(secrets.get(group, "v0").unwrap().expose_str().unwrap(), "SeNtInEl-0");
    }
}

#[test]
fn one_secret_that_is_asked_for_in_several_ways_is_one_request() {
    let server = FaultServer::start().with_many(1);
    let declaration = secrets_runtime::Declaration::builder("step")
        .source("s0")
        .unwrap()
        .source(r#"{"id": "s0", "group": "again", "options": {"json": false}}"#)
        .unwrap()
        .request("s0", "v0")
        .unwrap()
        .request("", "s0")
        .unwrap()
        .build();
    let secrets = at(&server).resolve_blocking(&declaration).unwrap().secrets;
    assert_eq!(server.counts(), counts(&[("GetSecretValue", 1)]));
    assert_eq!(secrets.get("s0", "v0").unwrap().expose_str().unwrap(), "SeNtInEl-0");
    let whole = secrets.get("", "s0").unwrap();
    assert_eq!(whole.expose_str().unwrap(), r#"{"v0": "SeNtInEl-0"}"#);
}

#[test]
fn versions_are_asked_for_singly() {
    let server = FaultServer::start().with_many(3);
    let version = r#"{"id": "s0", "group": "old", "options": {"version_stage": "AWSPREVIOUS"}}"#;
    resolve(&at(&server), &["s0", "s1", version]).unwrap();
    assert_eq!(server.counts(), counts(&[("BatchGetSecretValue", 1), ("GetSecretValue", 1)]));
    let single = server.seen().into_iter().find(|seen| seen.action == "GetSecretValue").unwrap();
    assert!(single.body.contains(r#""VersionStage":"AWSPREVIOUS""#), "{}", single.body);
}

#[test]
fn where_batches_are_refused_each_is_fetched_singly_and_that_is_remembered() {
    for fault in [
        Fault::Code(
            "AccessDeniedException",
            "not authorized to perform: secretsmanager:BatchGetSecretValue",
        ),
        Fault::Code("UnknownOperationException", ""),
        Fault::Code("ThrottlingException", "Rate exceeded"),
        Fault::Status(429, "slow down"),
        Fault::Status(501, "not implemented"),
    ] {
        let shown = format!("{fault:?}");
        let server = FaultServer::start().with_many(25).failing("BatchGetSecretValue", 2, fault);
        // It stands still, so that nothing is forgotten.
        let resolver = resolver(aws(&server.url).with_clock(&ManualClock::new()));
        resolve(&resolver, &names(25)).unwrap();
        let expected = counts(&[("BatchGetSecretValue", 2), ("GetSecretValue", 25)]);
        assert_eq!(server.counts(), expected, "{shown}");
        server.forget();
        resolve(&resolver, &names(25)).unwrap();
        assert_eq!(server.counts(), counts(&[("GetSecretValue", 25)]), "{shown}");
        // Another region may permit them.
        let west = ["a", "b"];
        let server = west.iter().fold(server, |s, n| s.with("us-west-2", n, "{}"));
        server.forget();
        let sources =
            west.map(|n| format!(r#"{{"id": "{n}", "options": {{"region": "us-west-2"}}}}"#));
        resolve(&resolver, &sources).unwrap();
        assert_eq!(server.counts(), counts(&[("BatchGetSecretValue", 1)]), "{shown}");
    }
}

#[test]
fn batches_are_sent_again_after_a_while() {
    let denied = Fault::Code("AccessDeniedException", "secretsmanager:BatchGetSecretValue");
    let throttled = Fault::Code("ThrottlingException", "Rate exceeded");
    for (fault, pause) in [(throttled, 3), (denied, 15 * 60)] {
        let shown = format!("{fault:?}");
        let server = FaultServer::start().with_many(20).failing("BatchGetSecretValue", 1, fault);
        let clock = ManualClock::new();
        let resolver = resolver(aws(&server.url).with_clock(&clock));
        for _ in 0..3 {
            resolve(&resolver, &names(20)).unwrap();
        }
        let expected = counts(&[("BatchGetSecretValue", 1), ("GetSecretValue", 60)]);
        assert_eq!(server.counts(), expected, "{shown}");
        server.forget();
        clock.advance(Duration::from_secs(pause));
        for _ in 0..3 {
            resolve(&resolver, &names(20)).unwrap();
        }
        assert_eq!(server.counts(), counts(&[("BatchGetSecretValue", 3)]), "{shown}");
    }
}

#[test]
fn single_fetches_are_bounded() {
    let server = FaultServer::start().with_many(80).failing(
        "BatchGetSecretValue",
        9,
        Fault::Code("AccessDeniedException", ""),
    );
    resolve(&at(&server), &names(80)).unwrap();
    assert_eq!(server.counts()["GetSecretValue"], 80);
    // A batch may still be open while those of another are fetched.
    assert!(server.most_at_once() <= 32 + 3, "{}", server.most_at_once());
}

#[test]
fn a_batch_that_comes_in_pages_is_read_to_its_end() {
    let server = FaultServer::start().with_many(20).with_pages_of(7);
    let secrets = resolve(&at(&server), &names(20)).unwrap();
    assert!((0..20).all(|n| secrets.get(&format!("s{n}"), &format!("v{n}")).is_ok()));
    assert_eq!(server.counts(), counts(&[("BatchGetSecretValue", 3)]));
}

#[test]
fn nothing_is_listed_and_no_filter_is_sent() {
    let server = FaultServer::start().with_many(21);
    resolve(&at(&server), &names(21)).unwrap();
    for seen in server.seen() {
        assert_eq!(seen.action, "BatchGetSecretValue");
        assert!(!seen.body.contains("Filters"), "{}", seen.body);
    }
}

#[test]
fn a_request_splits_an_arn_between_group_and_key() {
    let server = FaultServer::start().with("us-west-2", "token", "SeNtInEl-plain");
    let arn = server.arn("us-west-2", "token");
    let key = &arn[arn.len() - "token-x1Y2z3".len()..];
    for group in [&arn[..arn.len() - key.len()], &arn[..arn.len() - key.len() - 1]] {
        let declaration = secrets_runtime::Declaration::builder("step").request(group, key);
        let secrets = at(&server).resolve_blocking(&declaration.unwrap().build()).unwrap().secrets;
        assert_eq!(secrets.get(group, key).unwrap().expose_str().unwrap(), "SeNtInEl-plain");
    }
    assert!(
        server.seen().iter().all(|seen| seen.ids == [arn.as_str()] && seen.region == "us-west-2")
    );
}

#[test]
fn an_item_that_fails_for_a_moment_is_fetched_singly() {
    let server = FaultServer::start().with_many(3).refusing_once("s1", "InternalServiceError");
    resolve(&at(&server), &names(3)).unwrap();
    assert_eq!(server.counts(), counts(&[("BatchGetSecretValue", 1), ("GetSecretValue", 1)]));
}

#[test]
fn a_payload_in_dotenv_format_has_its_variables_as_fields() {
    let dotenv = "# app\nUSER=app\nPASSWORD='SeNtInEl #1'\n";
    let server = FaultServer::start()
        .with("us-east-1", "app", dotenv)
        .with("us-east-1", "bad", "A=1\nE F=SeNtInEl\n")
        .with("us-east-1", "db", r#"{"v": "SeNtInEl"}"#);
    let source = |id: &str| format!(r#"{{"id": "{id}", "options": {{"format": "dotenv"}}}}"#);
    for sources in [vec![source("app")], vec![source("app"), "db".to_owned()]] {
        let secrets = resolve(&at(&server), &sources).unwrap();
        let password = secrets.get("app", "PASSWORD").unwrap();
        assert_eq!(password.expose_str().unwrap(), "SeNtInEl #1");
    }
    let error = resolve(&at(&server), &[source("bad")]).expect_err("a line is wrong");
    assert!(error.problems()[0].message().starts_with("line 2: "), "{error}");
    assert!(!format!("{error:?}").contains("SeNtInEl"), "{error}");
}
