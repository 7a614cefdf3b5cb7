//! The events of a resolution.

use std::time::Duration;

use secrets_runtime::{Declaration, Error, ErrorKind, Resolver, settings::variables, testing};
use secrets_tests::fake_backend::FakeBackend;
use serde_json::{Value, json};

use super::Recorder;

const ROLE: &str = "arn:aws:iam::123456789012:role/Reader";

/// Returns the events without the milliseconds, which each of them that found something has.
fn without_ms(mut events: Vec<Value>) -> Vec<Value> {
    for event in &mut events {
        let is_found = event["event"] == "resolved" || event["event"] == "refreshed";
        let ms = event.as_object_mut().unwrap().remove("ms");
        assert_eq!(ms.is_some_and(|ms| ms.is_u64()), is_found, "{event}");
    }
    events
}

fn call_of(events: &[Value]) -> u64 {
    let call = events[0]["call"].as_u64().unwrap();
    assert!(events.iter().all(|event| event["call"] == call), "{events:?}");
    call
}

#[test]
fn each_source_and_request_of_each_call_is_resolved() -> Result<(), Error> {
    let (backend, recorder) = (FakeBackend::new("SeNtInEl"), Recorder::default());
    backend.rotate("SeNtInEl", Some("7"));
    let resolver = backend.builder().audit(recorder.clone()).build()?;
    let sources = r#"["db", "fake.other", {"id": "a", "group": "alias"}]"#;
    let declaration = Declaration::builder("load").sources_json(sources);
    let declaration = declaration?.request("group", "key")?.build();
    let mut calls = Vec::new();
    for origin in ["backend", "cache"] {
        resolver.resolve_blocking(&declaration)?;
        let events = without_ms(recorder.take());
        let call = call_of(&events);
        let resolved = |source: &str, id: &str| {
            json!({
                "event": "resolved", "call": call, "step": "load", "source": source,
                "backend": "fake", "id": id, "version": "7", "origin": origin,
            })
        };
        let mut alias = resolved("a", "a");
        alias["group"] = json!("alias");
        let expected = [
            resolved("db", "db"),
            resolved("fake.other", "fake.other"),
            alias,
            resolved("group/key", "group"),
        ];
        assert_eq!(events, expected);
        calls.push(call);
    }
    assert_ne!(calls[0], calls[1], "each call has a number of its own");
    Ok(())
}

#[test]
fn the_role_is_recorded_where_the_backend_uses_it() -> Result<(), Error> {
    let recorder = Recorder::default();
    let backend = FakeBackend::of_kind("aws-secrets-manager", "SeNtInEl");
    let resolver = backend.builder().role(ROLE).audit(recorder.clone()).build()?;
    resolver.resolve_blocking(&Declaration::builder("load").source("db")?.build())?;
    let [event] = &recorder.take()[..] else { panic!("one event") };
    let provenance = resolver.refresh_blocking("db")?;
    let role = provenance.provenance("db").unwrap().role().map(str::to_owned);
    assert_eq!(event.get("role").and_then(Value::as_str), role.as_deref());
    assert!(event.get("version").is_none(), "there is none: {event}");
    Ok(())
}

#[test]
fn each_problem_is_a_failure_beside_what_was_found() -> Result<(), Error> {
    let (backend, recorder) = (FakeBackend::new("SeNtInEl"), Recorder::default());
    let resolver = backend.builder().audit(recorder.clone()).build()?;
    let sources = r#"["db", "env.NO_SUCH_VARIABLE", "file.NO/SUCH/FILE",
        {"id": "NO_SUCH_OPTION", "type": "env", "options": {"required": false}}]"#;
    let declaration = Declaration::builder("load").sources_json(sources)?.build();
    assert_eq!(resolver.resolve_blocking(&declaration).unwrap_err().kind(), ErrorKind::NotFound);
    let events = without_ms(recorder.take());
    let call = call_of(&events);
    let failed = |source: &str, backend: &str| {
        json!({
            "event": "failed", "call": call, "step": "load", "source": source, "backend": backend,
            "kind": "NotFound",
        })
    };
    assert_eq!(events[0]["event"], "resolved");
    let optional = failed("NO_SUCH_OPTION", "env");
    let expected =
        [optional, failed("env.NO_SUCH_VARIABLE", "env"), failed("file.NO/SUCH/FILE", "file")];
    assert_eq!(events[1..], expected);
    Ok(())
}

#[test]
fn a_value_that_has_expired_is_stale() -> Result<(), Error> {
    let (backend, recorder) = (FakeBackend::new("SeNtInEl"), Recorder::default());
    let clock = secrets_runtime::__testing::ManualClock::new();
    let builder = backend.builder().audit(recorder.clone()).clock(&clock);
    let resolver = builder.cache_ttl(Duration::from_secs(10)).build()?;
    let declaration = Declaration::builder("load").source("db")?.build();
    resolver.resolve_blocking(&declaration)?;
    clock.advance(Duration::from_secs(20));
    backend.fail(ErrorKind::Unavailable);
    resolver.resolve_blocking(&declaration)?;
    let origins: Vec<_> = recorder.take().iter().map(|event| event["origin"].clone()).collect();
    assert_eq!(origins, ["backend", "stale"]);
    Ok(())
}

#[test]
fn what_is_fetched_again_is_refreshed_in_the_call_that_asked() -> Result<(), Error> {
    let (backend, recorder) = (FakeBackend::new("SeNtInEl-1"), Recorder::default());
    let resolver = backend.builder().audit(recorder.clone()).build()?;
    let declaration = Declaration::builder("load").source("db")?.source("other")?.build();
    let secrets = resolver.resolve_blocking(&declaration)?.secrets;
    let call = call_of(&recorder.take());
    secrets.get("db", "db")?;
    recorder.take();
    let fresh = secrets.refresh_blocking("db")?;
    let events = without_ms(recorder.take());
    let refreshed = json!({
        "event": "refreshed", "call": call, "step": "load", "source": "db", "backend": "fake",
        "id": "db", "origin": "backend",
    });
    assert_eq!(events, std::slice::from_ref(&refreshed));
    // It was read in this call before; the other one was not.
    fresh.get("db", "db")?;
    fresh.get("other", "other")?;
    assert_eq!(recorder.take_read(), [("other".to_owned(), "other".to_owned())]);

    backend.rotate("SeNtInEl-2", Some("2"));
    let work = |value: String| if value == "SeNtInEl-1" { Err(refused()) } else { Ok(()) };
    fresh.with_fresh_blocking("db", work, |_: &Error| true)?;
    let events = recorder.take();
    assert_eq!((&events[0]["event"], &events[0]["version"]), (&json!("refreshed"), &json!("2")));
    assert_eq!(call_of(&events), call);

    backend.fail(ErrorKind::AccessDenied);
    secrets.refresh_blocking("db").unwrap_err();
    let [failed] = &recorder.take()[..] else { panic!("one event") };
    assert_eq!((&failed["event"], &failed["kind"]), (&json!("failed"), &json!("AccessDenied")));

    backend.fail(None);
    resolver.refresh_blocking("db")?;
    let [outside] = &recorder.take()[..] else { panic!("one event") };
    assert_eq!(outside["event"], "refreshed");
    assert!(outside.get("step").is_none() && outside["call"].as_u64() > Some(call), "{outside}");
    Ok(())
}

fn refused() -> Error {
    Error::new(ErrorKind::AccessDenied, "the test refuses the first password")
}

#[test]
fn what_is_attached_at_launch_is_marked() -> Result<(), Error> {
    let (backend, recorder) = (FakeBackend::new("SeNtInEl"), Recorder::default());
    let with = r#"secrets:sources=["db"]"#;
    let builder = backend.builder().audit(recorder.clone()).setting(&variables::WITH, with);
    let resolver = builder.build()?;
    for _ in 0..2 {
        resolver.resolve_blocking(&Declaration::builder("load").build())?;
        let events = recorder.take();
        assert_eq!((events.len(), &events[0]["origin"]), (1, &json!("launch")));
    }
    Ok(())
}

#[test]
fn without_a_log_nothing_is_told_and_a_step_is_reused() -> Result<(), Error> {
    let resolver = Resolver::builder().setting(&variables::AUDIT, "off").build()?;
    assert!(resolver.audit_file().is_none() && resolver.check_audit().is_ok());
    testing::with_secrets([("db", "password", "SeNtInEl")], || {
        let declaration = Declaration::builder("load").source("db")?.build();
        resolver.resolve_blocking(&declaration)?.secrets.get("db", "password").map(drop)
    })
}
