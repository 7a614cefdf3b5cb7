//! Steps that were called before: what they get from the resolver of the process, which is installed for good.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use secrets_runtime::{
    __testing::ManualClock, Error, ErrorKind, Resolver, current_context, secrets, testing,
};

use secrets_tests::fake_backend::{FakeBackend, declared};

use crate::child::{cases, child};

pub const CASES: &[(&str, fn())] = cases![
    the_use_of_an_expired_value_is_said_once,
    a_step_that_was_called_before_asks_nothing,
    a_refresh_reaches_steps_that_were_called_before,
    a_step_looks_again_when_its_secrets_have_expired,
    a_new_value_replaces_an_expired_one_in_use,
    a_step_that_fails_asks_past_what_others_fetched_before,
    in_a_test_a_step_reads_the_secrets_of_the_test,
    each_call_has_files_of_its_own,
    a_step_is_as_alone_with_its_variables_as_before,
];

/// Cases that other cases start.
pub const HELPERS: &[(&str, fn())] = &[("serve_stale", serve_stale)];

const TTL: Duration = Duration::from_secs(100);

#[secrets(sources = ["db"])]
fn sync_step() -> Result<String, Error> {
    Ok(current_context().secrets.get("db", "db")?.expose_str()?.to_owned())
}

#[secrets(sources = ["db"])]
async fn async_step() -> Result<String, Error> {
    tokio::task::yield_now().await;
    Ok(current_context().secrets.get("db", "db")?.expose_str()?.to_owned())
}

fn both() -> [String; 2] {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    [sync_step().unwrap(), runtime.block_on(async_step()).unwrap()]
}

fn a_step_that_was_called_before_asks_nothing() {
    let backend = FakeBackend::new("SeNtInEl-1");
    backend.resolver().install().unwrap();
    assert_eq!(both(), ["SeNtInEl-1", "SeNtInEl-1"]);
    backend.rotate("SeNtInEl-2", None);
    for _ in 0..100 {
        assert_eq!(both(), ["SeNtInEl-1", "SeNtInEl-1"]);
    }
    assert_eq!(backend.calls(), 1);
}

fn a_refresh_reaches_steps_that_were_called_before() {
    let backend = FakeBackend::new("SeNtInEl-1");
    backend.resolver().install().unwrap();
    both();
    backend.rotate("SeNtInEl-2", None);
    Resolver::current().unwrap().refresh_blocking("db").unwrap();
    assert_eq!(both(), ["SeNtInEl-2", "SeNtInEl-2"]);
    assert_eq!(backend.calls(), 2);
}

fn a_step_looks_again_when_its_secrets_have_expired() {
    let backend = FakeBackend::new("SeNtInEl-1");
    let clock = ManualClock::new();
    backend.builder().cache_ttl(TTL).clock(&clock).build().unwrap().install().unwrap();
    both();
    backend.rotate("SeNtInEl-2", None);
    clock.advance(TTL * 9 / 10 - Duration::from_millis(1));
    assert_eq!(both(), ["SeNtInEl-1", "SeNtInEl-1"]);
    clock.advance(TTL / 10);
    assert_eq!(both(), ["SeNtInEl-2", "SeNtInEl-2"]);
}

fn a_new_value_replaces_an_expired_one_in_use() {
    let (backend, clock) = (FakeBackend::new("SeNtInEl-1"), ManualClock::new());
    let resolver = backend.builder().cache_ttl(TTL).clock(&clock).build().unwrap();
    resolver.clone().install().unwrap();
    both();
    clock.advance(TTL);
    backend.fail(ErrorKind::Throttled);
    assert_eq!(both(), ["SeNtInEl-1", "SeNtInEl-1"]);
    backend.fail(None);
    backend.rotate("SeNtInEl-2", None);
    // A step that was refused has it fetched again, while others still get the old one.
    let secrets = resolver.resolve_blocking(&declared(&["db"])).unwrap().secrets;
    let work = |password: String| match password.as_str() {
        "SeNtInEl-1" => Err(Error::new(ErrorKind::Other, "refused")),
        _ => Ok(()),
    };
    secrets.with_fresh_blocking("db", work, |_: &Error| true).unwrap();
    assert_eq!(both(), ["SeNtInEl-2", "SeNtInEl-2"]);
}

fn a_step_that_fails_asks_past_what_others_fetched_before() {
    fn any(_: &Error) -> bool {
        true
    }
    #[secrets(sources = ["db"], refresh_on = any)]
    fn step(backend: &FakeBackend, resolver: &Resolver) -> Result<(), Error> {
        let password = current_context().secrets.get("db", "db")?;
        if password.expose_str()? == "SeNtInEl-2" {
            return Ok(());
        }
        // Another step has it fetched while this one runs, and then it changes.
        resolver.refresh_blocking("db")?;
        backend.rotate("SeNtInEl-2", None);
        Err(Error::new(ErrorKind::Other, "refused"))
    }
    let backend = FakeBackend::new("SeNtInEl-1");
    let resolver = backend.resolver();
    resolver.clone().install().unwrap();
    step(&backend, &resolver).unwrap();
    assert_eq!(backend.calls(), 3);
}

fn in_a_test_a_step_reads_the_secrets_of_the_test() {
    let backend = FakeBackend::new("SeNtInEl-1");
    backend.resolver().install().unwrap();
    both();
    let given = testing::with_secrets([("db", "db", "given")], sync_step);
    assert_eq!(given.unwrap(), "given");
    assert_eq!(both(), ["SeNtInEl-1", "SeNtInEl-1"]);
}

fn each_call_has_files_of_its_own() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    #[secrets(sources = ["db"])]
    fn with_file() -> Result<std::path::PathBuf, Error> {
        let path = current_context().secrets.file("db", "db")?;
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "SeNtInEl-1");
        if CALLS.fetch_add(1, Ordering::Relaxed) == 0 {
            let inner = with_file()?;
            assert!(!inner.exists() && path.exists());
        }
        Ok(path)
    }
    FakeBackend::new("SeNtInEl-1").resolver().install().unwrap();
    assert!(!with_file().unwrap().exists());
    assert!(!with_file().unwrap().exists());
}

fn a_step_is_as_alone_with_its_variables_as_before() {
    #[secrets(secret_requests = [
        Secret(group = "db", key = "k", mount_requirement = FILE, env_var = "DB_FILE")
    ])]
    fn by_variable() -> Result<String, Error> {
        Ok(current_context().secrets.var("DB_FILE")?.expose_str()?.to_owned())
    }
    FakeBackend::new("SeNtInEl-1").resolver().install().unwrap();
    let (first, second) = (by_variable().unwrap(), by_variable().unwrap());
    assert_ne!(first, second, "the files of two calls are two");
}

fn the_use_of_an_expired_value_is_said_once() {
    let output = child("serve_stale").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let output = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.lines().count(), 1, "{output}");
    assert!(
        output.starts_with("secrets: warning: the secret `db` cannot be fetched again"),
        "{output}"
    );
    assert!(output.contains("still serves") && output.contains("Unavailable"), "{output}");
    assert!(!output.contains("SeNtInEl"), "the warning shows a value");
}

fn serve_stale() {
    let (backend, clock) = (FakeBackend::new("SeNtInEl-1"), ManualClock::new());
    backend.builder().cache_ttl(TTL).clock(&clock).build().unwrap().install().unwrap();
    both();
    clock.advance(TTL);
    backend.fail(ErrorKind::Unavailable);
    for _ in 0..10 {
        assert_eq!(both(), ["SeNtInEl-1", "SeNtInEl-1"]);
    }
    assert_eq!(backend.calls(), 2);
}
