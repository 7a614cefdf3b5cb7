//! Where a step's secrets come from: which version of which secret, and when it was fetched.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use secrets_runtime::{
    Declaration, Error, Origin, Payload, Provenance, Resolver, Secrets, Store, backends::Local,
    settings::variables,
};
use tempfile::TempDir;

fn set_up() -> (TempDir, Arc<Local>, Resolver) {
    let folder = tempfile::tempdir().unwrap();
    let (store, key) = (folder.path().join("store"), folder.path().join("keys/key.jwk"));
    let local = Arc::new(Local::new(store, key));
    local.put_blocking("db", Payload::Json(r#"{"user": "SeNtInEl-user"}"#.into())).unwrap();
    let resolver = Resolver::builder().backend_arc(local.clone()).build().unwrap();
    (folder, local, resolver)
}

fn resolve(resolver: &Resolver, declaration: &Declaration) -> Secrets {
    resolver.resolve_blocking(declaration).unwrap().secrets
}

fn shown(provenance: &Provenance) -> serde_json::Value {
    let json = serde_json::to_string(provenance).unwrap();
    assert!(!json.contains("SeNtInEl") && !format!("{provenance:?}").contains("SeNtInEl"));
    serde_json::from_str(&json).unwrap()
}

#[test]
fn a_step_knows_which_version_of_which_secret_it_has() -> Result<(), Error> {
    let (_folder, local, resolver) = set_up();
    let version = local.put_blocking("db", Payload::Json(r#"{"user": "SeNtInEl"}"#.into()))?;
    let before = SystemTime::now();
    let declaration = Declaration::builder("load").source("local.db")?.build();
    let secrets = resolve(&resolver, &declaration);
    let provenance = secrets.provenance("db").unwrap();
    assert_eq!((provenance.backend(), provenance.id()), ("local", "db"));
    assert_eq!((provenance.version(), provenance.role()), (Some(&*version), None));
    assert_eq!(provenance.origin(), Origin::Backend);
    assert!(provenance.fetched_at() >= before && provenance.fetched_at() <= SystemTime::now());
    assert!(secrets.provenance("other").is_none());
    assert_eq!(secrets.provenance_of("db", "user").unwrap().version(), Some(&*version));
    assert!(secrets.provenance_of("db", "port").is_none());

    let json = shown(provenance);
    let millis = provenance.fetched_at().duration_since(UNIX_EPOCH).unwrap().as_millis() % 1000;
    let fetched_at = json["fetched_at"].as_str().unwrap();
    assert!(fetched_at.ends_with(&format!(".{millis:03}Z")), "{fetched_at}");
    let expected = serde_json::json!({
        "backend": "local", "id": "db", "version": version, "role": null, "origin": "backend",
        "fetched_at": fetched_at,
    });
    assert_eq!(json, expected);
    Ok(())
}

#[test]
fn a_cached_value_was_fetched_when_its_backend_was_asked() -> Result<(), Error> {
    let (_folder, _local, resolver) = set_up();
    let declaration = Declaration::builder("load").source("db")?.build();
    let first = resolve(&resolver, &declaration);
    let again = resolve(&resolver, &declaration);
    let (first, again) = (first.provenance("db").unwrap(), again.provenance("db").unwrap());
    assert_eq!((first.origin(), again.origin()), (Origin::Backend, Origin::Cache));
    assert_eq!(first.fetched_at(), again.fetched_at());
    assert_eq!(shown(again)["origin"], "cache");

    let refreshed = resolver.refresh_blocking("db")?;
    let refreshed = refreshed.provenance("db").unwrap();
    assert_eq!(refreshed.origin(), Origin::Backend);
    assert!(refreshed.fetched_at() + Duration::from_secs(60) > first.fetched_at());
    Ok(())
}

#[test]
fn each_request_of_a_group_has_its_own() -> Result<(), Error> {
    let (_folder, local, resolver) = set_up();
    for (id, value) in [("token", "SeNtInEl-1"), ("other", "SeNtInEl-2")] {
        local.put_blocking(id, Payload::Text(value.into()))?;
    }
    let version = local.put_blocking("other", Payload::Text("SeNtInEl-3".into()))?;
    // Without a group, the key is the secret.
    let declaration = Declaration::builder("load").request("", "token")?.request("", "other")?;
    let secrets = resolve(&resolver, &declaration.build());
    assert_eq!(secrets.provenance("").unwrap().id(), "token");
    assert_eq!(secrets.provenance_of("", "token").unwrap().id(), "token");
    let other = secrets.provenance_of("", "other").unwrap();
    assert_eq!((other.id(), other.version()), ("other", Some(&*version)));
    Ok(())
}

#[test]
fn a_source_that_is_optional_and_missing_comes_from_nowhere() -> Result<(), Error> {
    let (_folder, _local, resolver) = set_up();
    let sources = r#"["db", {"id": "none", "options": {"required": false}}]"#;
    let declaration = Declaration::builder("load").sources_json(sources)?.build();
    let secrets = resolve(&resolver, &declaration);
    assert!(secrets.provenance("db").is_some() && secrets.provenance("none").is_none());
    Ok(())
}

#[test]
fn what_is_attached_at_launch_says_so_wherever_it_was_fetched() -> Result<(), Error> {
    let (_folder, local, _) = set_up();
    let with = r#"secrets:sources=[{"id": "db", "group": "alias"}]"#;
    let resolver =
        Resolver::builder().backend_arc(local).setting(&variables::WITH, with).build()?;
    let declaration = Declaration::builder("load").build();
    for _ in 0..2 {
        let secrets = resolve(&resolver, &declaration);
        let provenance = secrets.provenance("alias").unwrap();
        assert_eq!((provenance.id(), provenance.origin()), ("db", Origin::Launch));
    }
    Ok(())
}
