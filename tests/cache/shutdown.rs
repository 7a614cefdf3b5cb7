//! What a resolver that was shut down still does.

use secrets_runtime::SecretValue;
use secrets_tests::fake_backend::{FakeBackend, declared, read};

#[test]
fn after_a_shutdown_nothing_is_cached_and_everything_is_fetched() {
    let backend = FakeBackend::new("SeNtInEl-1");
    let resolver = backend.resolver();
    let held = resolver.resolve_blocking(&declared(&["db"])).unwrap();
    read(&resolver, "db").unwrap();
    assert_eq!(backend.calls(), 1);

    resolver.clone().shutdown_blocking();
    backend.rotate("SeNtInEl-2", None);
    for calls in [2, 3] {
        assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-2");
        assert_eq!(backend.calls(), calls);
    }
    // A step that runs keeps what it has.
    let kept: SecretValue = held.secrets.get("db", "db").unwrap();
    assert_eq!(kept.expose_str().unwrap(), "SeNtInEl-1");
    resolver.shutdown_blocking();
}
