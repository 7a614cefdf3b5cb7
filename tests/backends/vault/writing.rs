//! Secrets of KV that are written.

use secrets_runtime::{Error, ErrorKind, Payload, Store, backend::SecretChange};
use serde_json::{Value, json};

use super::setup::{Bao, resolve};

fn payload(value: &str) -> Payload {
    Payload::Json(json!({ "x": value }).to_string().into())
}

fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    result.unwrap_err().kind()
}

#[test]
fn secrets_are_created_changed_listed_renamed_and_deleted() {
    let Some(bao) = Bao::start() else { return };
    bao.mount_kv("kv-written-1", 1);
    bao.mount_kv("kv-written-2", 2);
    for (mount, has_versions) in [("kv-written-1", false), ("kv-written-2", true)] {
        let resolver = bao.as_root();
        let store = resolver.store("vault").unwrap();
        let id = format!("{mount}/team/db");
        store.create_blocking(&id, payload("SeNtInEl-1")).unwrap();
        assert_eq!(kind(store.create_blocking(&id, payload("no"))), ErrorKind::InvalidName);
        assert_eq!(resolve(&resolver, &[&id]).unwrap()[&id]["x"], "SeNtInEl-1");
        let version = store.version_blocking(&id).unwrap().unwrap();
        let change = |value: &str| SecretChange::Replace {
            id: id.clone(),
            version: version.clone(),
            payload: payload(value),
        };
        store.update_blocking(vec![change("SeNtInEl-2")]).unwrap();
        assert_eq!(resolve(&resolver, &[&id]).unwrap()[&id]["x"], "SeNtInEl-2");
        if has_versions {
            let again = store.update_blocking(vec![change("SeNtInEl-3")]);
            assert_eq!(kind(again), ErrorKind::Conflict);
            assert_eq!(store.versions_blocking(&id).unwrap(), ["2", "1"]);
        }
        let new_id = format!("{mount}/other");
        let rename = SecretChange::Rename { id: id.clone(), new_id: new_id.clone() };
        store.update_blocking(vec![rename]).unwrap();
        let listed = store.list_blocking().unwrap();
        assert!(listed.contains(&new_id) && !listed.contains(&id), "{listed:?}");
        assert!(listed.is_sorted());
        assert!(store.delete_blocking(&new_id).unwrap());
        assert!(!store.delete_blocking(&new_id).unwrap());
        assert!(!store.list_blocking().unwrap().contains(&new_id));
        assert_eq!(store.version_blocking(&new_id).unwrap(), None);
    }
}

#[test]
fn a_deleted_secret_may_be_written_again() {
    let Some(bao) = Bao::start() else { return };
    bao.mount("kv-again", &json!({ "type": "kv", "options": { "version": "2" } }));
    bao.root("POST", "kv-again/config", &json!({ "cas_required": true }));
    let data = json!({ "data": { "x": "SeNtInEl" }, "options": { "cas": 0 } });
    bao.root("POST", "kv-again/data/db", &data);
    bao.root("DELETE", "kv-again/data/db", &Value::Null);
    let resolver = bao.as_root();
    let store = resolver.store("vault").unwrap();
    assert_eq!(store.create_blocking("kv-again/db", payload("SeNtInEl-2")).unwrap(), "2");
    assert_eq!(store.put_blocking("kv-again/db", payload("SeNtInEl-3")).unwrap(), "3");
    assert_eq!(store.versions_blocking("kv-again/db").unwrap(), ["3", "2"]);
}

#[test]
fn of_many_that_create_one_secret_one_succeeds() {
    let Some(bao) = Bao::start() else { return };
    bao.mount_kv("kv-race", 2);
    let resolver = bao.as_root();
    let create = |number: usize| {
        let store = resolver.store("vault").unwrap();
        store.create_blocking("kv-race/db", payload(&format!("SeNtInEl-{number}"))).is_ok()
    };
    let create = &create;
    let created: Vec<bool> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..10).map(|number| scope.spawn(move || create(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(created.iter().filter(|is_created| **is_created).count(), 1);
}

#[test]
fn what_kv_cannot_keep_is_refused() {
    let Some(bao) = Bao::start() else { return };
    bao.mount_kv("kv-plain", 2);
    let resolver = bao.as_root();
    let store = resolver.store("vault").unwrap();
    let plain = Payload::Text("SeNtInEl".into());
    assert_eq!(kind(store.put_blocking("kv-plain/db", plain)), ErrorKind::NotSupported);
    let long = payload(&"x".repeat(70_000));
    assert_eq!(kind(store.put_blocking("kv-plain/db", long)), ErrorKind::InvalidValue);
    let text = store.put_blocking("sys/mounts", payload("SeNtInEl")).unwrap_err().to_string();
    assert!(text.contains("KV") && !text.contains("SeNtInEl"), "{text}");
}
