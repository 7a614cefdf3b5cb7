//! How long a value is used.

use std::time::Duration;

use secrets_runtime::{
    __testing::ManualClock, Backend, BoxFuture, Capabilities, Error, ErrorKind, FetchRequest,
    Fetched, Payload, Resolver, Store, backend::SecretChange,
};
use secrets_tests::fake_backend::{FakeBackend, declared, read};

const TTL: Duration = Duration::from_secs(1000);
const INSTANT: Duration = Duration::from_millis(1);

#[test]
fn a_value_is_used_by_later_steps_until_it_expires() {
    let (backend, clock) = (FakeBackend::new("SeNtInEl-1"), ManualClock::new());
    let resolver = backend.builder().cache_ttl(TTL).clock(&clock).build().unwrap();
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-1");
    backend.rotate("SeNtInEl-2", None);
    clock.advance(TTL * 9 / 10 - INSTANT);
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-1");
    clock.advance(TTL / 10 + INSTANT);
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-2");
    assert_eq!(backend.calls(), 2);
}

#[test]
fn what_was_fetched_together_does_not_expire_together() {
    let (backend, clock) = (FakeBackend::new("SeNtInEl"), ManualClock::new());
    let resolver = backend.builder().cache_ttl(TTL).clock(&clock).build().unwrap();
    let names: Vec<String> = (0..100).map(|n| format!("s{n}")).collect();
    let sources: Vec<&str> = names.iter().map(String::as_str).collect();
    let all = declared(&sources);
    resolver.resolve_blocking(&all).unwrap();
    clock.advance(TTL * 9 / 10 - INSTANT);
    resolver.resolve_blocking(&all).unwrap();
    assert_eq!(backend.calls(), 1, "none has expired before nine tenths of the time");
    clock.advance(INSTANT);
    let mut asked = Vec::new();
    for _ in 0..10 {
        clock.advance(TTL / 100);
        let before = backend.calls();
        resolver.resolve_blocking(&all).unwrap();
        asked.push(if backend.calls() > before { backend.last().len() } else { 0 });
    }
    assert_eq!(asked.iter().sum::<usize>(), 100, "all have expired after the time: {asked:?}");
    assert!(asked.iter().filter(|count| **count > 0).count() >= 5, "all at once: {asked:?}");
}

#[test]
fn without_a_ttl_nothing_is_cached() {
    let backend = FakeBackend::new("SeNtInEl-1");
    let resolver = backend.builder().cache_ttl(Duration::ZERO).build().unwrap();
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-1");
    backend.rotate("SeNtInEl-2", None);
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-2");
}

#[test]
fn a_missing_secret_is_looked_for_by_every_step() {
    let backend = FakeBackend::new("SeNtInEl");
    backend.fail(ErrorKind::NotFound);
    let resolver = backend.resolver();
    assert_eq!(read(&resolver, "db"), Err(ErrorKind::NotFound));
    backend.fail(None);
    assert!(read(&resolver, "db").is_ok());
}

#[test]
fn values_from_the_process_or_the_machine_are_never_cached() {
    let resolver = Resolver::builder().build().unwrap();
    let is_cached = |kind| resolver.backend(kind).unwrap().capabilities().is_cached();
    for kind in ["env", "file", "flyte", "inline", "prefect"] {
        assert!(!is_cached(kind), "{kind}");
    }
    assert!(is_cached("local"));
}

#[test]
fn a_file_is_read_at_every_step() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db");
    let backend = secrets_runtime::backends::File::new(folder.path());
    let resolver = Resolver::builder().backend(backend).default_backend("file").build().unwrap();
    for value in ["SeNtInEl-1", "SeNtInEl-2"] {
        std::fs::write(&file, value).unwrap();
        assert_eq!(read(&resolver, "db").unwrap(), value);
    }
}

#[test]
fn the_first_backend_of_a_chain_is_asked_at_every_step() {
    let folder = tempfile::tempdir().unwrap();
    let fake = FakeBackend::new("SeNtInEl-fake");
    let file = secrets_runtime::backends::File::new(folder.path());
    let resolver = fake.builder().backend(file).default_backend("file,fake").build().unwrap();
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-fake");
    std::fs::write(folder.path().join("db"), "SeNtInEl-file").unwrap();
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-file");
    std::fs::remove_file(folder.path().join("db")).unwrap();
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-fake");
    assert_eq!(fake.calls(), 1);
}

#[test]
fn a_secret_that_this_process_writes_is_read_by_its_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let local = secrets_runtime::backends::Local::new(
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

#[test]
fn changes_that_this_process_makes_together_are_read_by_its_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let key_file = folder.path().join("keys/key.jwk");
    let local = secrets_runtime::backends::Local::new(folder.path().join("store"), key_file);
    let resolver = Resolver::builder().backend(local).build().unwrap();
    let store = resolver.store("local").unwrap();
    let payload = |value: &str| Payload::Text(value.into());
    let version = store.create_blocking("a", payload("SeNtInEl-1")).unwrap();
    store.create_blocking("old", payload("SeNtInEl-old")).unwrap();
    assert_eq!(read(&resolver, "a").unwrap(), "SeNtInEl-1");
    assert_eq!(read(&resolver, "old").unwrap(), "SeNtInEl-old");
    assert_eq!(read(&resolver, "new"), Err(ErrorKind::NotFound));
    let changes = vec![
        SecretChange::Replace { id: "a".into(), version, payload: payload("SeNtInEl-2") },
        SecretChange::Rename { id: "old".into(), new_id: "new".into() },
    ];
    store.update_blocking(changes).unwrap();
    assert_eq!(read(&resolver, "a").unwrap(), "SeNtInEl-2");
    assert_eq!(read(&resolver, "old"), Err(ErrorKind::NotFound));
    assert_eq!(read(&resolver, "new").unwrap(), "SeNtInEl-old");
}

/// A fake backend that is asked at every step.
#[derive(Debug)]
struct Uncached(FakeBackend);

impl std::fmt::Display for Uncached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Backend for Uncached {
    fn kind(&self) -> &str {
        self.0.kind()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new().cached(false)
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        self.0.fetch(requests)
    }
}

#[test]
fn a_backend_may_say_that_its_answers_are_not_cached() {
    let backend = FakeBackend::new("SeNtInEl");
    let resolver =
        Resolver::builder().backend(Uncached(backend.clone())).default_backend("fake").build();
    let resolver = resolver.unwrap();
    for _ in 0..3 {
        read(&resolver, "db").unwrap();
    }
    assert_eq!(backend.calls(), 3);
}

#[test]
fn a_version_is_cached_beside_the_current_one() {
    let backend = FakeBackend::new("SeNtInEl-1");
    let resolver = backend.resolver();
    read(&resolver, "db").unwrap();
    backend.rotate("SeNtInEl-2", None);
    let previous = r#"{"id": "db", "group": "old", "options": {"version_stage": "AWSPREVIOUS"}}"#;
    let both = resolver.resolve_blocking(&declared(&["db", previous])).unwrap().secrets;
    let text =
        |group: &str, key: &str| both.get(group, key).unwrap().expose_str().unwrap().to_owned();
    assert_eq!((text("db", "db"), text("old", "db")), ("SeNtInEl-1".into(), "SeNtInEl-2".into()));
    assert_eq!(backend.calls(), 2);
}

#[test]
fn for_ever_is_a_time_too() {
    let backend = FakeBackend::new("SeNtInEl");
    for stale in [Duration::ZERO, Duration::MAX] {
        let resolver =
            backend.builder().cache_ttl(Duration::MAX).cache_stale(stale).build().unwrap();
        for _ in 0..2 {
            assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl");
        }
    }
    assert_eq!(backend.calls(), 2);
}
