//! What is written and deleted through a resolver.

use secrets_runtime::{
    AuditEvent, AuditSink, Error, ErrorKind, Payload, Resolver, Store, backend::SecretChange,
    backends::Local,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Recorder;

fn local() -> (TempDir, Local) {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::new(folder.path().join("store"), folder.path().join("keys/key.jwk"));
    (folder, local)
}

fn text(value: &str) -> Payload {
    Payload::Text(value.into())
}

fn changes(recorder: &Recorder) -> Vec<(String, String)> {
    let of = |event: &Value| {
        let (event_name, id) = (event["event"].as_str().unwrap(), event["id"].as_str().unwrap());
        assert_eq!(*event, json!({ "event": event_name, "backend": "local", "id": id }));
        (event_name.to_owned(), id.to_owned())
    };
    recorder.take().iter().map(of).collect()
}

#[track_caller]
fn assert_changes(recorder: &Recorder, expected: &[(&str, &str)]) {
    let changes = changes(recorder);
    let found: Vec<_> = changes.iter().map(|(event, id)| (event.as_str(), id.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn what_is_written_and_deleted_is_recorded() -> Result<(), Error> {
    let ((_folder, local), recorder) = (local(), Recorder::default());
    let resolver = Resolver::builder().backend(local).audit(recorder.clone()).build()?;
    let store = resolver.store("local")?;
    let version = store.put_blocking("a", text("SeNtInEl"))?;
    assert_changes(&recorder, &[("written", "a")]);
    store.create_blocking("b", text("SeNtInEl"))?;
    assert_changes(&recorder, &[("written", "b")]);
    store.create_blocking("b", text("SeNtInEl")).unwrap_err();
    assert!(!store.delete_blocking("none")?);
    assert_changes(&recorder, &[]);
    let (id, payload) = ("a".to_owned(), text("SeNtInEl-2"));
    let keep =
        SecretChange::Keep { id: "b".into(), version: store.version_blocking("b")?.unwrap() };
    store.update_blocking(vec![
        SecretChange::Replace { id, version, payload },
        keep,
        SecretChange::Create { id: "c".into(), payload: text("SeNtInEl") },
    ])?;
    assert_changes(&recorder, &[("written", "a"), ("written", "c")]);
    store.update_blocking(vec![
        SecretChange::Rename { id: "c".into(), new_id: "d".into() },
        SecretChange::Delete { id: "b".into(), version: None },
    ])?;
    assert_changes(&recorder, &[("written", "d"), ("deleted", "c"), ("deleted", "b")]);
    let missing = SecretChange::Delete { id: "none".into(), version: None };
    store.update_blocking(vec![missing]).unwrap_err();
    assert!(store.delete_blocking("a")?);
    assert_changes(&recorder, &[("deleted", "a")]);
    Ok(())
}

#[test]
fn a_store_is_not_changed_if_the_log_cannot_be_written() -> Result<(), Error> {
    let (folder, local) = local();
    local.put_blocking("a", text("SeNtInEl"))?;
    let builder = Resolver::builder().backend(local).audit_file(folder.path().join("none/log"));
    let store = builder.audit_required(true).build()?.store("local")?;
    let delete = SecretChange::Delete { id: "a".into(), version: None };
    for error in [
        store.put_blocking("a", text("SeNtInEl")).err(),
        store.create_blocking("b", text("SeNtInEl")).err(),
        store.delete_blocking("a").err(),
        store.update_blocking(vec![delete]).err(),
    ] {
        assert_eq!(error.unwrap().kind(), ErrorKind::InvalidConfig);
    }
    assert_eq!(
        (store.list_blocking()?, store.versions_blocking("a")?.len()),
        (vec!["a".to_owned()], 1)
    );
    Ok(())
}

struct Full;

impl AuditSink for Full {
    fn record(&self, _: &AuditEvent) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Unavailable, "it is full"))
    }
}

#[test]
fn a_change_that_was_made_and_not_recorded_says_so() -> Result<(), Error> {
    let (_folder, local) = local();
    let builder = Resolver::builder().backend(local).audit(Full).audit_required(true);
    let store = builder.build()?.store("local")?;
    let error = store.put_blocking("a", text("SeNtInEl")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    assert!(error.to_string().contains("the secret `a` was written"), "{error}");
    assert_eq!(store.list_blocking()?, ["a"]);
    Ok(())
}
