//! Whole secrets of a Flyte container: a folder is a set, anything else one plain value.

use serde_json::json;

use super::container::{Container, kind};

#[test]
fn a_folder_is_a_set_and_the_rest_is_one_value() {
    let container = Container::mounted()
        .file("db/user", "SeNtInEl-user\n")
        .file("db/password", "SeNtInEl-password")
        .file("db/nested/other", "SeNtInEl-nested")
        .file("token", "SeNtInEl-token")
        .file("Cased/Key", "SeNtInEl-cased")
        .file("config", r#"{"depth": "SeNtInEl-json"}"#)
        .file("main/1", "SeNtInEl-version")
        .variable("_FSEC_API-KEY", "SeNtInEl-variable");
    let is = |source: serde_json::Value, group: &str, key: &str, value: &str| {
        let answer = container.source(&source, group, key);
        match answer {
            Ok(found) => assert!(found == value.as_bytes(), "{source}"),
            Err((_, text)) => panic!("{source}: {text}"),
        }
    };
    is(json!("db"), "db", "user", "SeNtInEl-user");
    is(json!("flyte.db"), "db", "password", "SeNtInEl-password");
    is(json!("token"), "token", "token", "SeNtInEl-token");
    is(json!("DB"), "DB", "user", "SeNtInEl-user");
    is(json!("Cased"), "Cased", "Key", "SeNtInEl-cased");
    is(json!("db/user"), "db/user", "db_user", "SeNtInEl-user");
    is(json!("api-key"), "api-key", "api_key", "SeNtInEl-variable");
    is(json!("config"), "config", "config", r#"{"depth": "SeNtInEl-json"}"#);
    let as_json = json!({ "id": "config", "options": { "json": true } });
    is(as_json, "config", "depth", "SeNtInEl-json");
    // GCP's layout: the version is a file of the secret's folder.
    let version = json!({ "id": "main", "options": { "version_id": "1" } });
    is(version, "main", "main", "SeNtInEl-version");

    assert_eq!(kind(&container.source(&json!("db"), "db", "nested")), Some("KeyNotFound"));
    let (kind, text) = container.source(&json!("missing"), "missing", "x").unwrap_err();
    assert_eq!(kind, "NotFound");
    let folder = container.folder().display();
    for place in [
        "the variable _FSEC_MISSING",
        &format!("the file {folder}/missing"),
        &format!("the folder {folder}/missing"),
        "the variable _UNION_MISSING",
    ] {
        assert!(text.contains(place), "{place} in {text}");
    }
}

/// A changed mount is read by the next step: nothing is cached.
#[test]
fn a_step_reads_what_is_mounted_now() {
    use secrets_runtime::{Declaration, Resolver, backends::Flyte};
    let folder = tempfile::tempdir().unwrap();
    let resolver = Resolver::builder().backend(Flyte::new(folder.path())).build().unwrap();
    let declaration = Declaration::builder("step").source("flyte.token").unwrap().build();
    for value in ["SeNtInEl-1", "SeNtInEl-2"] {
        std::fs::write(folder.path().join("token"), value).unwrap();
        let secrets = resolver.resolve_blocking(&declaration).unwrap().secrets;
        let found = secrets.get("token", "token").unwrap();
        assert!(found.expose_str().is_ok_and(|found| found == value));
    }
}
