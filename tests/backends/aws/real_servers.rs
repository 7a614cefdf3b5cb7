//! One suite against each server: reading, writing, versions, tags, deletion.
//!
//! Where the servers differ:
//!
//! | what | moto 5.2.1 | ministack 1.5.33 | AWS |
//! |---|---|---|---|
//! | PutSecretValue of a secret that is scheduled for deletion | writes | refuses | refuses |
//! | the last page's `NextToken` in ListSecretVersionIds | `""` | absent | absent |
//! | the ARN that ListSecretVersionIds returns | the name | the ARN | the ARN |
//! | the account of a secret | 123456789012 | 000000000000 | the caller's |
//! | the six characters of an ARN | letters of both cases | hexadecimal digits | letters and digits of both cases |
//! | a refusal while signatures are checked | XML, so without a code that the SDK reads | not checked | JSON with a code |

use std::sync::atomic::{AtomicU32, Ordering};

use secrets_runtime::{
    Backend, ErrorKind, Payload, SecretValue, Store, backends::AwsSecretsManager, conformance,
};
use secrets_tests::http::server;
use serde_json::json;

use crate::{
    setup::{aws, resolve, resolver},
    wire,
};

const SERVERS: [&str; 2] = ["SECRETS_TEST_MOTO_URL", "SECRETS_TEST_MINISTACK_URL"];

/// Runs a test with each available server, inside a runtime.
fn with_each<F: Future<Output = ()>>(test: impl Fn(AwsSecretsManager, String) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for url in SERVERS.into_iter().filter_map(server) {
        runtime.block_on(test(aws(&url), url));
    }
}

/// A name that no other test and no earlier run uses.
fn fresh(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    format!("{name}/{}-{}", now.as_nanos(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn store(aws: &AwsSecretsManager) -> &dyn Store {
    aws.as_store().unwrap()
}

fn text(value: &str) -> Payload {
    Payload::Text(SecretValue::from(value))
}

#[test]
fn keeps_the_rules_of_reading_and_writing() {
    with_each(|aws, url| async move {
        for name in ["json", "text", "binary", "long"] {
            let input = json!({ "SecretId": format!("conformance-{name}"), "ForceDeleteWithoutRecovery": true });
            // It may be there from an earlier run.
            let _ = wire::call(&url, "us-east-1", "DeleteSecret", &input);
        }
        conformance::check_writing(&aws).await;
    });
}

#[test]
fn versions_are_read_by_stage_and_by_id() {
    with_each(|aws, _| async move {
        let name = fresh("versions");
        let first = store(&aws).put(&name, text(r#"{"a": "SeNtInEl-1"}"#)).await.unwrap();
        store(&aws).put(&name, text(r#"{"a": "SeNtInEl-2"}"#)).await.unwrap();
        let resolver = resolver(aws);
        for (options, expected) in [
            (json!({}), "SeNtInEl-2"),
            (json!({ "version_stage": "AWSCURRENT" }), "SeNtInEl-2"),
            (json!({ "version_stage": "AWSPREVIOUS" }), "SeNtInEl-1"),
            (json!({ "version_id": first }), "SeNtInEl-1"),
        ] {
            let source = json!({ "id": name, "options": options }).to_string();
            let secrets = resolve(&resolver, &[source]).unwrap();
            let value = secrets.get(&name, "a").unwrap();
            assert_eq!(value.expose_str().unwrap(), expected, "{options}");
        }
        let source = json!({ "id": name, "options": { "version_stage": "NONE" } }).to_string();
        assert_eq!(resolve(&resolver, &[source]).unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn a_secret_is_found_by_name_and_by_full_and_partial_arn_alone_and_in_a_batch() {
    with_each(|aws, url| async move {
        let (name, other) = (fresh("arn"), fresh("other"));
        store(&aws).put(&name, text(r#"{"a": "SeNtInEl"}"#)).await.unwrap();
        store(&aws).put(&other, text("{}")).await.unwrap();
        let described =
            wire::call(&url, "us-east-1", "DescribeSecret", &json!({ "SecretId": name })).unwrap();
        let full = described["ARN"].as_str().unwrap().to_owned();
        let partial = full[..full.len() - 7].to_owned();
        let resolver = resolver(aws);
        for id in [&name, &full, &partial] {
            assert!(resolve(&resolver, &[id]).unwrap().get(id, "a").is_ok(), "{id} at {url}");
            let both = resolve(&resolver, &[id, &other]).unwrap();
            assert!(both.get(id, "a").is_ok(), "{id} and another at {url}");
        }
        let all = resolve(&resolver, &[&name, &full, &partial, &other]).unwrap();
        assert!([name, full, partial].iter().all(|id| all.get(id, "a").is_ok()), "{url}");
    });
}

#[test]
fn a_deleted_secret_says_that_it_can_be_restored() {
    with_each(|aws, url| async move {
        let name = fresh("deleted");
        store(&aws).put(&name, text("SeNtInEl")).await.unwrap();
        let end = aws.schedule_deletion(&name).await.unwrap().unwrap();
        let days =
            end.duration_since(std::time::SystemTime::now()).unwrap().as_secs_f64() / 86_400.0;
        assert!((29.9..30.1).contains(&days), "{days} days at {url}");
        for sources in [vec![&name], vec![&name, &name]] {
            let error = resolve(&resolver(aws.clone()), &sources).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Deleted, "{error} at {url}");
            assert!(error.to_string().contains("restore-secret"), "{error}");
        }
        assert_eq!(aws.schedule_deletion(&fresh("missing")).await.unwrap(), None);
        let put = store(&aws).put(&name, text("SeNtInEl")).await.map_err(|error| error.kind());
        let is_moto = std::env::var(SERVERS[0]).is_ok_and(|moto| moto == url);
        assert_eq!(put.err(), (!is_moto).then_some(ErrorKind::Deleted), "{url}");
    });
}

#[test]
fn tags_are_set_and_shown() {
    with_each(|aws, _| async move {
        let name = fresh("tags");
        store(&aws).put(&name, text("SeNtInEl")).await.unwrap();
        let key = "outerbounds.com/accessible-by-deployment";
        aws.tag(&name, key, "speedyhawk").await.unwrap();
        aws.tag(&name, "a", "b").await.unwrap();
        let tags = aws.tags(&name).await.unwrap();
        let expected = [("a", "b"), (key, "speedyhawk")];
        assert_eq!(tags, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
        let missing = aws.tag(&fresh("missing"), "a", "b").await.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
    });
}

#[test]
fn a_value_that_is_too_long_and_an_arn_that_is_not_there_are_not_written() {
    with_each(|aws, _| async move {
        let long = text(&"x".repeat(65_537));
        let error = store(&aws).put(&fresh("long"), long).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue);
        let arn = "arn:aws:secretsmanager:us-west-2:123456789012:secret:nowhere";
        let error = store(&aws).put(arn, text("SeNtInEl")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    });
}

#[test]
fn the_caller_is_named() {
    with_each(|aws, _| async move {
        let (arn, region) = aws.caller().await.unwrap();
        assert!(arn.starts_with("arn:aws:"), "{arn}");
        assert_eq!(region, "us-east-1");
    });
}
