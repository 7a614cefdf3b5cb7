//! What is written and deleted through a resolver.

use std::{
    fmt,
    future::{pending, ready},
    task::{Context, Waker},
};

use secrets_runtime::{
    AuditEvent, AuditSink, Backend, Error, ErrorKind, FetchRequest, Fetched, Payload, Resolver,
    Store,
    backend::{BoxFuture, SecretChange},
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

/// A store whose answer is an error of a kind, or never comes.
#[derive(Debug)]
struct Lost(Option<ErrorKind>);

impl Lost {
    fn answer<T: Send + 'static>(&self) -> BoxFuture<'_, Result<T, Error>> {
        match self.0 {
            Some(kind) => Box::pin(ready(Err(Error::new(kind, "it is lost")))),
            None => Box::pin(pending()),
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the lost store")
    }
}

impl Backend for Lost {
    fn kind(&self) -> &str {
        "local"
    }

    fn fetch<'a>(
        &'a self,
        _: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(ready(Vec::new()))
    }

    fn as_store(&self) -> Option<&dyn Store> {
        Some(self)
    }
}

impl Store for Lost {
    fn put<'a>(&'a self, _: &'a str, _: Payload) -> BoxFuture<'a, Result<String, Error>> {
        self.answer()
    }

    fn delete<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<bool, Error>> {
        self.answer()
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<String>, Error>> {
        self.answer()
    }

    fn versions<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>> {
        self.answer()
    }
}

#[test]
fn a_change_is_recorded_that_may_have_been_made() -> Result<(), Error> {
    for (kind, is_recorded) in [
        (None, true),
        (Some(ErrorKind::Timeout), true),
        (Some(ErrorKind::Unavailable), true),
        (Some(ErrorKind::AccessDenied), false),
        (Some(ErrorKind::NotFound), false),
    ] {
        let recorder = Recorder::default();
        let resolver = Resolver::builder().backend(Lost(kind)).audit(recorder.clone()).build()?;
        let store = resolver.store("local")?;
        // It is asked once, and dropped then.
        let mut context = Context::from_waker(Waker::noop());
        drop(store.put("never-asked", text("SeNtInEl")));
        let _ = store.put("a", text("SeNtInEl")).as_mut().poll(&mut context);
        let _ = store.delete("b").as_mut().poll(&mut context);
        let both = ["c", "d"].map(|id| SecretChange::Delete { id: id.into(), version: None });
        let _ = store.update(both.into()).as_mut().poll(&mut context);
        let one: &[_] = &[("written", "a"), ("deleted", "b"), ("deleted", "c"), ("deleted", "d")];
        let expected = match (is_recorded, kind) {
            (true, _) => one,
            // The first of two may have been made.
            (false, Some(ErrorKind::AccessDenied)) => &one[2..],
            (false, _) => &[],
        };
        assert_changes(&recorder, expected);
    }
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
