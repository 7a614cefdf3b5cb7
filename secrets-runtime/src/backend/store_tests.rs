//! A store with the required methods only.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use crate::{
    backend::{
        BoxFuture,
        change::{SecretChange, is_gone},
        payload::Payload,
        store::Store,
    },
    core::error::{Error, ErrorKind},
};

/// A user's store with the required methods: each secret's version is how often it was written.
#[derive(Default)]
struct Table {
    secrets: Mutex<BTreeMap<String, usize>>,
    /// The id that cannot be written.
    refused: Option<&'static str>,
}

impl Table {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.secrets.lock().expect("nobody panics")
    }
}

impl Store for Table {
    fn put<'a>(&'a self, id: &'a str, _: Payload) -> BoxFuture<'a, Result<String, Error>> {
        Box::pin(async move {
            if self.refused == Some(id) {
                return Err(Error::new(ErrorKind::AccessDenied, "it is not permitted"));
            }
            let mut secrets = self.lock();
            let version = secrets.entry(id.to_owned()).or_default();
            *version += 1;
            Ok(version.to_string())
        })
    }

    fn delete<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move { Ok(self.lock().remove(id).is_some()) })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<String>, Error>> {
        Box::pin(async move { Ok(self.lock().keys().cloned().collect()) })
    }

    fn versions<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>> {
        Box::pin(async move {
            let version = self.lock().get(id).map(ToString::to_string);
            version.map(|version| vec![version]).ok_or_else(|| is_gone(id))
        })
    }
}

fn payload() -> Payload {
    Payload::Text("SeNtInEl".into())
}

fn create(id: &str) -> SecretChange {
    SecretChange::Create { id: id.into(), payload: payload() }
}

fn replace(id: &str, version: &str) -> SecretChange {
    SecretChange::Replace { id: id.into(), version: version.into(), payload: payload() }
}

fn keep(id: &str, version: &str) -> SecretChange {
    SecretChange::Keep { id: id.into(), version: version.into() }
}

fn delete(id: &str, version: Option<&str>) -> SecretChange {
    SecretChange::Delete { id: id.into(), version: version.map(Into::into) }
}

#[test]
fn a_users_store_compares_versions_and_creates_what_is_not_there() {
    let table = Table::default();
    assert_eq!(table.create_blocking("a", payload()).expect("it is created"), "1");
    let error = table.create_blocking("a", payload()).expect_err("it exists");
    assert_eq!(error.kind(), ErrorKind::InvalidName);
    assert_eq!(table.version_blocking("a").expect("it is read").as_deref(), Some("1"));
    assert_eq!(table.version_blocking("b").expect("it is read"), None);
    let changes = vec![replace("a", "1"), create("b"), create("c")];
    let versions = table.update_blocking(changes).expect("they are made");
    assert_eq!(versions, ["2", "1", "1"].map(|version| Some(version.to_owned())));
    let changes = vec![keep("a", "2"), delete("b", Some("1")), delete("c", None)];
    let versions = table.update_blocking(changes).expect("they are made");
    assert_eq!(versions, [Some("2".to_owned()), None, None]);
    assert_eq!(table.list_blocking().expect("the list"), ["a"]);
}

#[test]
fn a_users_store_changes_nothing_unless_all_versions_are_right() {
    let table = Table::default();
    table.put_blocking("a", payload()).expect("it is written");
    let rename = SecretChange::Rename { id: "a".into(), new_id: "b".into() };
    for (changes, kinds) in [
        (vec![create("a"), create("b")], vec![ErrorKind::InvalidName]),
        (vec![create("b"), replace("a", "0")], vec![ErrorKind::Conflict]),
        (
            vec![keep("a", "0"), delete("b", Some("1"))],
            vec![ErrorKind::Conflict, ErrorKind::NotFound],
        ),
        (vec![create("b"), rename], vec![ErrorKind::InvalidName]),
        (
            vec![create("b"), SecretChange::Rename { id: "a".into(), new_id: "c".into() }],
            vec![ErrorKind::NotSupported],
        ),
        (vec![delete("b", None)], vec![ErrorKind::NotFound]),
    ] {
        let error = table.update_blocking(changes).expect_err("it is refused");
        let found: Vec<_> = error.problems().iter().map(|problem| problem.kind()).collect();
        assert_eq!(found, kinds, "{error}");
        assert_eq!(table.version_blocking("a").expect("it is read").as_deref(), Some("1"));
        assert_eq!(table.list_blocking().expect("the list"), ["a"]);
    }
}

#[test]
fn the_error_of_a_users_store_says_what_was_changed_before_it() {
    let table = Table { refused: Some("c"), ..Table::default() };
    let error = table.update_blocking(vec![create("a"), create("b"), create("c")]);
    let error = error.expect_err("one is refused");
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert!(error.to_string().contains("; changed before that: `a`, `b`"), "{error}");
    let error = table.update_blocking(vec![create("c")]).expect_err("it is refused");
    assert!(!error.to_string().contains("changed before"), "{error}");
}
