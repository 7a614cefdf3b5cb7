//! Secrets of KV, of both versions.

use std::time::{Duration, SystemTime};

use secrets_runtime::{
    Declaration, ErrorKind, Payload,
    conformance::{Subject, check_reading_blocking},
};
use serde_json::{Value, json};

use super::setup::{Bao, refused, resolve};

#[test]
fn both_versions_of_kv_are_read_and_found_out() {
    let Some(bao) = Bao::start() else { return };
    bao.mount_kv("kv-one", 1);
    bao.mount_kv("kv-two/deep", 2);
    let fields = json!({ "user": "app", "password": "SeNtInEl \"é\"\n", "port": "5432" });
    bao.root("POST", "kv-one/a/db", &fields);
    bao.root("POST", "kv-two/deep/data/a/db", &json!({ "data": fields }));
    bao.root("POST", "kv-two/deep/data/odd%20%252F", &json!({ "data": { "x": "SeNtInEl" } }));
    let resolver = bao.as_root();
    let odd = "{\"id\": \"kv-two/deep/odd %2F\", \"type\": \"vault\"}";
    let found = resolve(&resolver, &["vault.kv-one/a/db", "kv-two/deep/a/db", odd]).unwrap();
    assert_eq!(found["kv-one/a/db"], fields);
    assert_eq!(found["kv-two/deep/a/db"], fields);
    assert_eq!(found["kv-two/deep/odd %2F"]["x"], "SeNtInEl");
    // A request: the path and the field.
    let declared = Declaration::builder("step").request("kv-one/a/db", "password").unwrap().build();
    let secrets = resolver.resolve_blocking(&declared).unwrap().secrets;
    let password = secrets.get("kv-one/a/db", "password").unwrap();
    assert_eq!(password.expose_str().unwrap(), fields["password"].as_str().unwrap());
}

#[test]
fn the_engine_may_be_said() {
    let Some(bao) = Bao::start() else { return };
    bao.mount_kv("kv-said", 2);
    bao.root("POST", "kv-said/data/db", &json!({ "data": { "password": "SeNtInEl" } }));
    // This token is told of no mount, but may read.
    let policy = r#"path "kv-said/data/db" { capabilities = ["read"] }"#;
    let token = bao.token("kv-said", policy, &json!({ "no_default_policy": true }));
    let said = r#"{"id": "kv-said/db", "type": "vault", "options": {"kv": 2}}"#;
    let found = resolve(&bao.resolver(&token), &[said]).unwrap();
    assert_eq!(found["kv-said/db"]["password"], "SeNtInEl");
}

#[test]
fn a_version_is_read_by_its_number() {
    let Some(bao) = Bao::start() else { return };
    bao.mount_kv("kv-versions", 2);
    for value in ["SeNtInEl-1", "SeNtInEl-2"] {
        bao.root("POST", "kv-versions/data/db", &json!({ "data": { "x": value } }));
    }
    let resolver = bao.as_root();
    let of = |version: &str| {
        format!(
            r#"{{"id": "kv-versions/db", "type": "vault", "options": {{"version_id": "{version}"}}}}"#
        )
    };
    let read = |source: &str| resolve(&resolver, &[source]).unwrap()["kv-versions/db"]["x"].clone();
    assert_eq!(
        (read(&of("1")), read("kv-versions/db")),
        (json!("SeNtInEl-1"), json!("SeNtInEl-2"))
    );
    assert_eq!(
        refused(&resolver, &of("9"), &["no version 9 of `kv-versions/db`"]),
        ErrorKind::NotFound
    );
    assert_eq!(refused(&resolver, &of("abc"), &["`abc`", "a number"]), ErrorKind::InvalidSource);
    let secrets = resolver
        .resolve_blocking(&Declaration::builder("step").source("kv-versions/db").unwrap().build());
    let secrets = secrets.unwrap().secrets;
    assert_eq!(secrets.provenance("kv-versions/db").unwrap().version(), Some("2"));
}

#[test]
fn what_is_deleted_destroyed_or_missing_is_told_apart() {
    let Some(bao) = Bao::start() else { return };
    bao.mount_kv("kv-gone", 2);
    for name in ["deleted", "destroyed"] {
        let data = json!({ "data": { "x": "SeNtInEl" } });
        bao.root("POST", &format!("kv-gone/data/{name}"), &data);
    }
    bao.root("DELETE", "kv-gone/data/deleted", &Value::Null);
    bao.root("PUT", "kv-gone/destroy/destroyed", &json!({ "versions": [1] }));
    let resolver = bao.as_root();
    let undelete = ["deleted", "bao kv undelete -versions=1 kv-gone/deleted"];
    assert_eq!(refused(&resolver, "kv-gone/deleted", &undelete), ErrorKind::Deleted);
    assert_eq!(refused(&resolver, "kv-gone/destroyed", &["destroyed"]), ErrorKind::Deleted);
    assert_eq!(refused(&resolver, "kv-gone/missing", &["no secret"]), ErrorKind::NotFound);
}

#[test]
fn a_version_that_will_be_deleted_ends_then() {
    let Some(bao) = Bao::start() else { return };
    bao.mount_kv("kv-ends", 2);
    bao.root("POST", "kv-ends/metadata/db", &json!({ "delete_version_after": "1000s" }));
    bao.root("POST", "kv-ends/data/db", &json!({ "data": { "x": "SeNtInEl" } }));
    let declared = Declaration::builder("step").source("kv-ends/db").unwrap().build();
    let secrets = bao.as_root().resolve_blocking(&declared).unwrap().secrets;
    let end = secrets.provenance("kv-ends/db").unwrap().expires_at().unwrap();
    let rest = end.duration_since(SystemTime::now()).unwrap();
    assert!(rest <= Duration::from_secs(1000) && rest > Duration::from_secs(900), "{rest:?}");
}

#[test]
fn kv_keeps_the_rules_of_a_backend() {
    let Some(bao) = Bao::start() else { return };
    for (mount, version) in [("kv-rules-1", 1), ("kv-rules-2", 2)] {
        bao.mount_kv(mount, version);
        let fields = r#"{"password":"SeNtInEl-rules","user":"app"}"#;
        let data: Value = serde_json::from_str(fields).unwrap();
        let (path, body) = match version {
            1 => (format!("{mount}/db"), data),
            _ => (format!("{mount}/data/db"), json!({ "data": data })),
        };
        bao.root("POST", &path, &body);
        let subject = Subject {
            present: vec![(format!("{mount}/db"), Payload::Json(fields.into()))],
            missing: format!("{mount}/missing"),
        };
        let resolver = bao.as_root();
        check_reading_blocking(&*resolver.backend("vault").unwrap(), &subject);
    }
}
