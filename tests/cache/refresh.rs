//! Secrets that change while they are cached.

use secrets_runtime::{
    Declaration, Error, ErrorKind, SecretValue, Secrets, current_context, testing,
};
use secrets_tests::fake_backend::{FakeBackend, declared, read};

fn text(secrets: &Secrets, group: &str) -> String {
    secrets.get(group, group).unwrap().expose_str().unwrap().to_owned()
}

#[test]
fn a_refresh_fetches_again_and_later_steps_see_it() {
    let backend = FakeBackend::new("SeNtInEl-1");
    let resolver = backend.resolver();
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-1");
    backend.rotate("SeNtInEl-2", None);
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-1");
    assert_eq!(text(&resolver.refresh_blocking("db").unwrap(), "db"), "SeNtInEl-2");
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-2");
    assert_eq!(backend.calls(), 2);
}

#[test]
fn a_refresh_that_fails_is_an_error() {
    let backend = FakeBackend::new("SeNtInEl-1");
    let resolver = backend.resolver();
    read(&resolver, "db").unwrap();
    backend.fail(ErrorKind::Unavailable);
    assert_eq!(resolver.refresh_blocking("db").unwrap_err().kind(), ErrorKind::Unavailable);
    // What is kept may still serve, as an expired value does.
    assert_eq!(read(&resolver, "db").as_deref(), Ok("SeNtInEl-1"));
    assert_eq!(resolver.refresh_blocking("?").unwrap_err().kind(), ErrorKind::InvalidSource);
}

#[test]
fn a_step_can_refresh_its_secrets_and_keeps_those_it_has() {
    let backend = FakeBackend::new("SeNtInEl-1");
    let resolver = backend.resolver();
    let before = resolver.resolve_blocking(&declared(&["db", "other"])).unwrap().secrets;
    backend.rotate("SeNtInEl-2", None);
    let after = before.refresh_blocking("db").unwrap();
    assert_eq!(
        (text(&before, "db"), text(&after, "db")),
        ("SeNtInEl-1".into(), "SeNtInEl-2".into())
    );
    assert_eq!(text(&after, "other"), "SeNtInEl-1");
    assert_eq!(backend.last(), ["db"]);
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-2");
    assert_eq!(before.refresh_blocking("none").unwrap_err().kind(), ErrorKind::NotRequested);
}

#[test]
fn inside_a_test_there_is_nothing_to_fetch() {
    testing::with_secrets([("db", "db", "x")], || {
        let secrets = current_context().secrets;
        assert_eq!(text(&secrets.refresh_blocking("db").unwrap(), "db"), "x");
    });
}

/// The error of a database.
#[derive(Debug, PartialEq)]
enum Failure {
    Refused(String),
    Broken,
    Secrets(ErrorKind),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Secrets(error.kind())
    }
}

fn is_auth_error(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused(_))
}

/// Accepts this password only.
fn connect(password: &SecretValue, wanted: &str) -> Result<String, Failure> {
    let password = password.expose_str()?.to_owned();
    if password == wanted { Ok(password) } else { Err(Failure::Refused(password)) }
}

/// Logs in to a database that accepts the second password; returns how often it was tried.
async fn log_in(secrets: &Secrets) -> (Result<String, Failure>, usize) {
    let mut runs = 0;
    let done = secrets.with_fresh::<SecretValue, _>(
        "db",
        |password| {
            runs += 1;
            async move { connect(&password, "SeNtInEl-2") }
        },
        is_auth_error,
    );
    let done = done.await;
    (done, runs)
}

#[tokio::test]
async fn after_an_authentication_error_the_closure_runs_again_with_the_new_version() {
    let backend = FakeBackend::new("SeNtInEl-1");
    backend.rotate("SeNtInEl-1", Some("v1"));
    let secrets = backend.resolver().resolve(&declared(&["db"])).await.unwrap().secrets;
    backend.rotate("SeNtInEl-2", Some("v2"));
    let (done, runs) = log_in(&secrets).await;
    assert_eq!(done.as_deref(), Ok("SeNtInEl-2"));
    assert_eq!((runs, backend.calls()), (2, 2));
}

#[tokio::test]
async fn with_the_same_version_the_original_error_stays() {
    for version in [Some("v1"), None] {
        let backend = FakeBackend::new("SeNtInEl-1");
        backend.rotate("SeNtInEl-1", version);
        let secrets = backend.resolver().resolve(&declared(&["db"])).await.unwrap().secrets;
        let (done, runs) = log_in(&secrets).await;
        assert_eq!(done, Err(Failure::Refused("SeNtInEl-1".into())));
        assert_eq!((runs, backend.calls()), (1, 2), "{version:?}");
    }
}

#[tokio::test]
async fn another_error_fetches_nothing_and_a_failed_fetch_leaves_the_original() {
    let backend = FakeBackend::new("SeNtInEl-1");
    let secrets = backend.resolver().resolve(&declared(&["db"])).await.unwrap().secrets;
    let broken = |_: SecretValue| async { Err::<(), _>(Failure::Broken) };
    assert_eq!(secrets.with_fresh("db", broken, is_auth_error).await, Err(Failure::Broken));
    assert_eq!(backend.calls(), 1);
    backend.fail(ErrorKind::Unavailable);
    let refused = |_: SecretValue| async { Err::<(), _>(Failure::Refused("first".into())) };
    let done = secrets.with_fresh("db", refused, is_auth_error).await;
    assert_eq!(done, Err(Failure::Refused("first".into())));
    assert_eq!(backend.calls(), 2);
}

#[tokio::test]
async fn many_that_are_refused_together_fetch_once() {
    let backend = FakeBackend::new("SeNtInEl-1");
    let resolver = backend.resolver();
    let secrets = resolver.resolve(&declared(&["db"])).await.unwrap().secrets;
    backend.rotate("SeNtInEl-2", None);
    backend.delay(std::time::Duration::from_millis(100));
    let mut tasks = Vec::new();
    for _ in 0..100 {
        let secrets = secrets.clone();
        tasks.push(tokio::spawn(async move {
            let work = |password: SecretValue| async move { connect(&password, "SeNtInEl-2") };
            secrets.with_fresh("db", work, is_auth_error).await
        }));
    }
    for task in tasks {
        assert_eq!(task.await.unwrap().as_deref(), Ok("SeNtInEl-2"));
    }
    assert_eq!(backend.calls(), 2);
    // And one who comes late finds what they fetched.
    let work = |password: SecretValue| async move { connect(&password, "SeNtInEl-2") };
    assert!(secrets.with_fresh("db", work, is_auth_error).await.is_ok());
    assert_eq!(backend.calls(), 2);
}

#[test]
fn an_unchanged_value_that_was_fetched_meanwhile_is_fetched_again() {
    let backend = FakeBackend::new("SeNtInEl-1");
    let resolver = backend.resolver();
    let secrets = resolver.resolve_blocking(&declared(&["db"])).unwrap().secrets;
    // Fetched after the step's own, and before it was changed.
    resolver.refresh_blocking("db").unwrap();
    backend.rotate("SeNtInEl-2", None);
    let work = |password: SecretValue| connect(&password, "SeNtInEl-2");
    let done = secrets.with_fresh_blocking("db", work, is_auth_error);
    assert_eq!(done.as_deref(), Ok("SeNtInEl-2"));
    assert_eq!(backend.calls(), 3);
}

#[test]
fn the_second_attempt_is_inside_the_new_secrets() {
    let backend = FakeBackend::new("SeNtInEl-1");
    let context = backend.resolver().resolve_blocking(&declared(&["db"])).unwrap();
    backend.rotate("SeNtInEl-2", None);
    let _entered = context.enter();
    let work = |_: SecretValue| {
        let current = current_context().secrets.get("db", "db")?;
        connect(&current, "SeNtInEl-2")
    };
    let secrets = current_context().secrets;
    let done = secrets.with_fresh_blocking("db", work, is_auth_error);
    assert_eq!(done.as_deref(), Ok("SeNtInEl-2"));
    assert_eq!(text(&current_context().secrets, "db"), "SeNtInEl-1");
}

impl Failure {
    fn is_refusal(&self) -> bool {
        is_auth_error(self)
    }
}

#[tokio::test]
async fn closures_need_no_types() {
    let backend = FakeBackend::new("SeNtInEl-1");
    let secrets = backend.resolver().resolve(&declared(&["db"])).await.unwrap().secrets;
    backend.rotate("SeNtInEl-2", None);
    let done = secrets
        .with_fresh::<SecretValue, _>(
            "db",
            |password| async move {
                let password = connect(&password, "SeNtInEl-2")?;
                Ok(password.len())
            },
            |error: &Failure| error.is_refusal(),
        )
        .await;
    assert_eq!(done, Ok("SeNtInEl-2".len()));
    let done = secrets
        .with_fresh::<String, _>(
            "db",
            |password| async move { connect(&password.into(), "SeNtInEl-3") },
            |error| error.is_refusal(),
        )
        .await;
    assert_eq!(done, Err(Failure::Refused("SeNtInEl-2".into())));
}

#[tokio::test]
async fn a_step_that_refreshes_again_and_again_keeps_its_files() {
    let backend = FakeBackend::new("SeNtInEl-1");
    let mut secrets = backend.resolver().resolve(&declared(&["db"])).await.unwrap().secrets;
    let first = secrets.file("db", "db").unwrap();
    for _ in 0..3 {
        secrets = secrets.refresh("db").await.unwrap();
        let path = secrets.file("db", "db").unwrap();
        assert!(path.exists() && first.exists());
    }
    drop(secrets);
    assert!(!first.exists());
}

#[tokio::test]
async fn a_value_that_cannot_be_read_is_an_error() {
    let backend = FakeBackend::new("SeNtInEl-1");
    let secrets = backend.resolver().resolve(&declared(&["db"])).await.unwrap().secrets;
    let work = |_: u16| async { Ok::<(), Failure>(()) };
    let done = secrets.with_fresh("db", work, is_auth_error).await;
    assert_eq!(done, Err(Failure::Secrets(ErrorKind::Undecodable)));
}

#[test]
fn a_refresh_reaches_requests_without_a_group() {
    let backend = FakeBackend::new("SeNtInEl-1");
    let resolver = backend.resolver();
    let request = Declaration::builder("step").request("", "token").unwrap().build();
    let read = || text_of(&resolver.resolve_blocking(&request).unwrap().secrets);
    assert_eq!(read(), "SeNtInEl-1");
    backend.rotate("SeNtInEl-2", None);
    resolver.refresh_blocking("token").unwrap();
    assert_eq!(read(), "SeNtInEl-2");
}

fn text_of(secrets: &Secrets) -> String {
    secrets.get("", "token").unwrap().expose_str().unwrap().to_owned()
}
