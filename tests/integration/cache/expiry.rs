//! How long a value serves.

use std::time::Duration;

use secrets_runtime::{
    __testing::ManualClock, Backend, BoxFuture, Error, ErrorKind, FetchRequest, Fetched, Payload,
    Resolver,
};

use crate::vault::{Vault, declared, read};

const TTL: Duration = Duration::from_secs(1000);
const INSTANT: Duration = Duration::from_millis(1);

#[test]
fn a_value_serves_later_steps_until_it_expires() {
    let (vault, clock) = (Vault::new("SeNtInEl-1"), ManualClock::new());
    let resolver = vault.builder().cache_ttl(TTL).clock(&clock).build().unwrap();
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-1");
    vault.rotate("SeNtInEl-2", None);
    clock.advance(TTL * 9 / 10 - INSTANT);
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-1");
    clock.advance(TTL / 10 + INSTANT);
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-2");
    assert_eq!(vault.calls(), 2);
}

#[test]
fn what_was_fetched_together_does_not_expire_together() {
    let (vault, clock) = (Vault::new("SeNtInEl"), ManualClock::new());
    let resolver = vault.builder().cache_ttl(TTL).clock(&clock).build().unwrap();
    let names: Vec<String> = (0..100).map(|n| format!("s{n}")).collect();
    let sources: Vec<&str> = names.iter().map(String::as_str).collect();
    let all = declared(&sources);
    resolver.resolve_blocking(&all).unwrap();
    clock.advance(TTL * 9 / 10 - INSTANT);
    resolver.resolve_blocking(&all).unwrap();
    assert_eq!(vault.calls(), 1, "none has expired before nine tenths of the time");
    clock.advance(INSTANT);
    let mut asked = Vec::new();
    for _ in 0..10 {
        clock.advance(TTL / 100);
        let before = vault.calls();
        resolver.resolve_blocking(&all).unwrap();
        asked.push(if vault.calls() > before { vault.last().len() } else { 0 });
    }
    assert_eq!(asked.iter().sum::<usize>(), 100, "all have expired after the time: {asked:?}");
    assert!(asked.iter().filter(|count| **count > 0).count() >= 5, "all at once: {asked:?}");
}

#[test]
fn without_a_time_nothing_is_kept() {
    let vault = Vault::new("SeNtInEl-1");
    let resolver = vault.builder().cache_ttl(Duration::ZERO).build().unwrap();
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-1");
    vault.rotate("SeNtInEl-2", None);
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-2");
}

#[test]
fn a_missing_secret_is_looked_for_by_every_step() {
    let vault = Vault::new("SeNtInEl");
    vault.fail(ErrorKind::NotFound);
    let resolver = vault.resolver();
    assert_eq!(read(&resolver, "db"), Err(ErrorKind::NotFound));
    vault.fail(None);
    assert!(read(&resolver, "db").is_ok());
}

#[test]
fn what_is_read_from_the_process_or_the_machine_is_never_kept() {
    let resolver = Resolver::builder().build().unwrap();
    let is_cached = |kind| resolver.backend(kind).unwrap().is_cached();
    for kind in ["env", "file", "flyte", "inline", "prefect"] {
        assert!(!is_cached(kind), "{kind}");
    }
    assert!(is_cached("local"));
}

#[test]
fn a_file_is_read_at_every_step() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db");
    let backend = secrets_runtime::File::new(folder.path());
    let resolver = Resolver::builder().backend(backend).default_backend("file").build().unwrap();
    for value in ["SeNtInEl-1", "SeNtInEl-2"] {
        std::fs::write(&file, value).unwrap();
        assert_eq!(read(&resolver, "db").unwrap(), value);
    }
}

#[test]
fn what_a_chain_asks_first_is_asked_at_every_step() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::new("SeNtInEl-vault");
    let backend = secrets_runtime::File::new(folder.path());
    let resolver = vault.builder().backend(backend).default_backend("file,vault").build().unwrap();
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-vault");
    std::fs::write(folder.path().join("db"), "SeNtInEl-file").unwrap();
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-file");
    std::fs::remove_file(folder.path().join("db")).unwrap();
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-vault");
    assert_eq!(vault.calls(), 1);
}

#[test]
fn what_this_process_writes_is_what_its_next_step_reads() {
    let folder = tempfile::tempdir().unwrap();
    let local = secrets_runtime::Local::new(
        folder.path().join("store"),
        folder.path().join("keys/key.jwk"),
    );
    let resolver = Resolver::builder().backend(local).build().unwrap();
    let backend = resolver.backend("local").unwrap();
    let store = backend.as_store().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for value in ["SeNtInEl-1", "SeNtInEl-2"] {
        runtime.block_on(store.put("db", Payload::Text(value.into()))).unwrap();
        assert_eq!(read(&resolver, "db").unwrap(), value);
    }
    runtime.block_on(store.delete("db")).unwrap();
    assert_eq!(read(&resolver, "db"), Err(ErrorKind::NotFound));
}

/// As the vault, but asked at every step.
#[derive(Debug)]
struct Uncached(Vault);

impl std::fmt::Display for Uncached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Backend for Uncached {
    fn kind(&self) -> &str {
        self.0.kind()
    }

    fn is_cached(&self) -> bool {
        false
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        self.0.fetch(requests)
    }
}

#[test]
fn a_backend_may_say_that_nothing_of_it_is_kept() {
    let vault = Vault::new("SeNtInEl");
    let resolver =
        Resolver::builder().backend(Uncached(vault.clone())).default_backend("vault").build();
    let resolver = resolver.unwrap();
    for _ in 0..3 {
        read(&resolver, "db").unwrap();
    }
    assert_eq!(vault.calls(), 3);
}

#[test]
fn a_version_is_kept_beside_the_current_one() {
    let vault = Vault::new("SeNtInEl-1");
    let resolver = vault.resolver();
    read(&resolver, "db").unwrap();
    vault.rotate("SeNtInEl-2", None);
    let previous = r#"{"id": "db", "group": "old", "options": {"version_stage": "AWSPREVIOUS"}}"#;
    let both = resolver.resolve_blocking(&declared(&["db", previous])).unwrap().secrets;
    let text =
        |group: &str, key: &str| both.get(group, key).unwrap().expose_str().unwrap().to_owned();
    assert_eq!((text("db", "db"), text("old", "db")), ("SeNtInEl-1".into(), "SeNtInEl-2".into()));
    assert_eq!(vault.calls(), 2);
}

#[test]
fn for_ever_is_a_time_too() {
    let vault = Vault::new("SeNtInEl");
    for stale in [Duration::ZERO, Duration::MAX] {
        let resolver = vault.builder().cache_ttl(Duration::MAX).cache_stale(stale).build().unwrap();
        for _ in 0..2 {
            assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl");
        }
    }
    assert_eq!(vault.calls(), 2);
}
