//! The first read of each field in a call is recorded, whichever way it is read.

use std::{collections::HashMap, process::Command, sync::Barrier, thread};

use secrets_runtime::{
    Declaration, Error, ErrorKind, MountType, Resolver, Secret, SecretValue, Secrets,
};
use serde_json::json;

use super::Recorder;

/// The secrets of a call that declares a set, a plain value and a request.
fn call(recorder: &Recorder) -> Result<Secrets, Error> {
    let sources = r#"[{"id": "DB", "type": "inline", "group": "db",
        "options": {"env_vars": {"USER_NAME": "SeNtInEl-user", "PASSWORD": "SeNtInEl-password"}}},
        "env.PATH"]"#;
    let home = Secret::new("", "HOME").env_var("AUDITED_HOME").mount_requirement(MountType::FILE);
    let resolver = Resolver::builder().default_backend("env").audit(recorder.clone()).build()?;
    let declaration = Declaration::builder("load").inline_from_outside().sources_json(sources)?;
    let declaration = declaration.secret(home)?.allow_override(true).build();
    let secrets = resolver.resolve_blocking(&declaration)?.secrets;
    assert_eq!(recorder.take().len(), 3);
    Ok(secrets)
}

/// A way to read, and what it reads.
type Way = (fn(&Secrets) -> Result<(), Error>, &'static [(&'static str, &'static str)]);

const PASSWORD: &[(&str, &str)] = &[("db", "PASSWORD")];
const ALL_OF_DB: &[(&str, &str)] = &[("db", "PASSWORD"), ("db", "USER_NAME")];
const ALL: &[(&str, &str)] =
    &[("", "HOME"), ("PATH", "PATH"), ("db", "PASSWORD"), ("db", "USER_NAME")];

#[test]
fn every_way_to_read_is_recorded_once() -> Result<(), Error> {
    let recorder = Recorder::default();
    let ways: &[Way] = &[
        (|secrets| secrets.get("db", "PASSWORD").map(drop), PASSWORD),
        (|secrets| secrets.var("PASSWORD").map(drop), PASSWORD),
        (|secrets| secrets.file("db", "PASSWORD").map(drop), PASSWORD),
        (|secrets| secrets.render("x {{db.PASSWORD | url}}").map(drop), PASSWORD),
        (|secrets| secrets.get_as::<HashMap<String, SecretValue>>("db").map(drop), ALL_OF_DB),
        (|secrets| secrets.get_as::<SecretValue>("PATH").map(drop), &[("PATH", "PATH")]),
        (|secrets| secrets.var("AUDITED_HOME").map(drop), &[("", "HOME")]),
        (|secrets| secrets.get("", "HOME").map(drop), &[("", "HOME")]),
        (|secrets| secrets.apply_to(&mut Command::new("true")), ALL),
        (|secrets| secrets.exports(|_| None).map(drop), ALL),
        (read_all_vars, ALL),
        (read_all_entries, ALL),
    ];
    for (number, (read, expected)) in ways.iter().enumerate() {
        let secrets = call(&recorder)?;
        read(&secrets)?;
        let mut found = recorder.take_read();
        found.sort();
        let found: Vec<_> =
            found.iter().map(|(group, key)| (group.as_str(), key.as_str())).collect();
        assert_eq!(found, *expected, "the way {number}");
        read(&secrets)?;
        read(&secrets.clone())?;
        assert_eq!(recorder.take().len(), 0, "the way {number}, again");
    }
    Ok(())
}

fn read_all_vars(secrets: &Secrets) -> Result<(), Error> {
    assert_eq!(secrets.vars().count(), 4);
    Ok(())
}

fn read_all_entries(secrets: &Secrets) -> Result<(), Error> {
    assert_eq!(secrets.entries().count(), 4);
    Ok(())
}

#[test]
fn a_version_of_a_request_is_recorded_as_its_key() -> Result<(), Error> {
    let recorder = Recorder::default();
    let backend = secrets_tests::fake_backend::FakeBackend::new("SeNtInEl");
    let resolver = backend.builder().audit(recorder.clone()).build()?;
    let versions = ["v1", "v2"].map(|version| Secret::new("db", "key").group_version(version));
    let [one, other] = versions;
    let declaration = Declaration::builder("load").secret(one)?.secret(other)?.build();
    let secrets = resolver.resolve_blocking(&declaration)?.secrets;
    secrets.get_versioned("db", "key", "v2")?;
    assert_eq!(recorder.take_read(), [("db".to_owned(), "key".to_owned())]);
    Ok(())
}

#[test]
fn a_read_has_the_fields_of_a_read_and_no_others() -> Result<(), Error> {
    let recorder = Recorder::default();
    let secrets = call(&recorder)?;
    secrets.get("db", "PASSWORD")?;
    let [read] = &recorder.take()[..] else { panic!("one event") };
    let call = &read["call"];
    let expected = json!({
        "event": "read", "call": call, "step": "load", "group": "db", "key": "PASSWORD",
    });
    assert_eq!(*read, expected);
    Ok(())
}

#[test]
fn what_fails_reads_nothing() -> Result<(), Error> {
    let recorder = Recorder::default();
    let secrets = call(&recorder)?;
    assert!(secrets.render("{{db.PASSWORD}} {{db.NONE}}").is_err());
    assert!(secrets.get("db", "NONE").is_err() && secrets.var("NONE").is_err());
    let mut command = Command::new("true");
    command.env("PASSWORD", "x");
    assert!(secrets.get_as::<u16>("db").is_err());
    // Every field was passed to a type that it does not fit.
    assert_eq!(recorder.take_read().len(), 2);
    Ok(())
}

/// A way to ask for something, with its group and its key.
type WayToAsk = (fn(&Secrets) -> Option<Error>, &'static str, Option<&'static str>);

#[test]
fn what_the_step_does_not_declare_is_recorded_each_time() -> Result<(), Error> {
    let recorder = Recorder::default();
    let secrets = call(&recorder)?;
    let ways: &[WayToAsk] = &[
        (|secrets| secrets.get("other", "key").err(), "other", Some("key")),
        (|secrets| secrets.get("", "OTHER").err(), "", Some("OTHER")),
        (|secrets| secrets.get_versioned("", "HOME", "v1").err(), "", Some("HOME")),
        (|secrets| secrets.get_as::<String>("other").err(), "other", None),
        (|secrets| secrets.file("other", "key").err(), "other", Some("key")),
        (|secrets| secrets.render("{{other.key}}").err(), "other", Some("key")),
        (|secrets| secrets.refresh_blocking("other").err(), "other", None),
    ];
    for (number, (ask, group, key)) in ways.iter().enumerate() {
        for _ in 0..2 {
            assert_eq!(ask(&secrets).unwrap().kind(), ErrorKind::NotRequested, "the way {number}");
            let [event] = &recorder.take()[..] else { panic!("one event of the way {number}") };
            assert_eq!(
                (&event["event"], &event["step"]),
                (&json!("not_requested"), &json!("load"))
            );
            assert_eq!(
                (&event["group"], event.get("key")),
                (&json!(group), key.map(|key| json!(key)).as_ref())
            );
        }
    }
    Ok(())
}

#[test]
fn threads_that_read_one_field_record_it_once() -> Result<(), Error> {
    let recorder = Recorder::default();
    let secrets = call(&recorder)?;
    let start = Barrier::new(8);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                start.wait();
                secrets.get("db", "PASSWORD").unwrap();
            });
        }
    });
    assert_eq!(recorder.take_read().len(), 1);
    Ok(())
}
