//! Steps of every shape are looked at.

use std::sync::atomic::{AtomicUsize, Ordering};

use secrets_runtime::{
    Backend, BoxFuture, Error, ErrorKind, FetchRequest, Fetched, SecretValue, current_context,
    secrets, task, testing,
};
use serde::Serialize;

use crate::leaks::{PASSWORD, paths, with_db};

type Result<T, E = Error> = std::result::Result<T, E>;

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn with_db_async<F: Future>(future: F) -> F::Output {
    block_on(testing::with_secrets_async([("db", "password", PASSWORD)], future))
}

fn read() -> Result<String> {
    let value = current_context().secrets.get("db", "password")?;
    Ok(value.expose_str()?.to_owned())
}

#[secrets(sources = ["db"], guard = "deny")]
async fn asynchronous() -> Result<String> {
    tokio::task::yield_now().await;
    read()
}

#[task(secret_requests = [Secret(group = "db", key = "password")], guard = "deny")]
fn of_requests() -> Result<String> {
    read()
}

#[secrets(guard = "deny")]
fn with_parameter(
    rows: usize,
    #[secret("db", key = "password")] password: String,
) -> Result<(usize, String)> {
    Ok((rows, password))
}

#[secrets(guard = "deny")]
async fn with_parameter_async(
    #[secret("db", key = "password")] password: String,
) -> Result<String> {
    Ok(password)
}

#[secrets(sources = ["db"], guard = "deny")]
fn opaque() -> Result<impl Serialize> {
    read()
}

#[secrets(sources = ["db"], guard = "deny")]
async fn opaque_async() -> Result<impl Serialize + Send> {
    read()
}

#[secrets(sources = ["db"], guard = "deny")]
fn borrowed<'a>(text: &'a mut String) -> Result<&'a mut String> {
    text.push_str(&read()?);
    Ok(text)
}

struct Service(String);

impl Service {
    #[secrets(sources = ["db"], guard = "deny")]
    fn method(&mut self) -> Result<&str> {
        self.0 = read()?;
        Ok(&self.0)
    }

    #[secrets(sources = ["db"], guard = "deny")]
    async fn method_async(&self) -> Result<String> {
        Ok(format!("{}{}", self.0, read()?))
    }
}

#[async_trait::async_trait]
trait Job {
    async fn run(&self) -> Result<String>;
}

#[async_trait::async_trait]
impl Job for Service {
    #[secrets(sources = ["db"], guard = "deny")]
    async fn run(&self) -> Result<String> {
        read()
    }
}

#[test]
fn every_shape_of_a_step_is_searched() {
    assert_eq!(paths(&with_db_async(asynchronous()).unwrap_err()), ["$"]);
    assert_eq!(paths(&with_db(of_requests).unwrap_err()), ["$"]);
    assert_eq!(paths(&with_db(|| with_parameter(1)).unwrap_err()), ["$[1]"]);
    assert_eq!(paths(&with_db_async(with_parameter_async()).unwrap_err()), ["$"]);
    assert_eq!(paths(&with_db(opaque).err().unwrap()), ["$"]);
    assert_eq!(paths(&with_db_async(opaque_async()).err().unwrap()), ["$"]);
    assert_eq!(paths(&with_db(|| borrowed(&mut String::new()).map(drop)).unwrap_err()), ["$"]);
    let mut service = Service(String::new());
    assert_eq!(paths(&with_db(|| service.method().map(drop)).unwrap_err()), ["$"]);
    assert_eq!(paths(&with_db_async(service.method_async()).unwrap_err()), ["$"]);
    assert_eq!(paths(&with_db_async(service.run()).unwrap_err()), ["$"]);
}

#[test]
fn the_problem_names_the_source_and_what_to_do() {
    let error = with_db(of_requests).unwrap_err();
    let problem = &error.problems()[0];
    assert_eq!((problem.kind(), error.step()), (ErrorKind::Leaked, Some("of_requests")));
    assert_eq!(
        problem.message(),
        "the secret db/password is in what the step returned, at $ (as value)"
    );
    assert!(problem.help().unwrap().contains("guard = \"warn\""), "{error}");
}

#[test]
fn off_and_warn_let_the_result_pass() {
    #[secrets(sources = ["db"], guard = "off")]
    fn off() -> Result<String> {
        read()
    }
    #[secrets(sources = ["db"], guard = "warn")]
    fn warn() -> Result<String> {
        read()
    }
    assert_eq!(with_db(off).unwrap(), PASSWORD);
    assert_eq!(with_db(warn).unwrap(), PASSWORD);
    #[secrets(sources = ["db"])]
    fn without() -> Result<String> {
        read()
    }
    assert_eq!(with_db(without).unwrap(), PASSWORD);
}

#[test]
fn a_step_inside_another_is_searched_for_its_own_secrets() {
    #[secrets(sources = ["api"], guard = "deny")]
    fn outer() -> Result<String> {
        let inner = inner()?;
        Ok(inner)
    }
    #[secrets(sources = ["db"], guard = "off")]
    fn inner() -> Result<String> {
        read()
    }
    let given = [("db", "password", PASSWORD), ("api", "token", "SeNtInEl-2")];
    assert_eq!(testing::with_secrets(given, outer).unwrap(), PASSWORD);
}

/// A backend whose value changes each time.
#[derive(Debug)]
struct Counter(AtomicUsize);

impl std::fmt::Display for Counter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the counter")
    }
}

impl Backend for Counter {
    fn kind(&self) -> &str {
        "counter"
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched>>> {
        Box::pin(async move {
            let number = self.0.fetch_add(1, Ordering::SeqCst);
            let value = || SecretValue::from(format!("SeNtInEl-{number:04}"));
            requests.iter().map(|_| Ok(Fetched::text(value()))).collect()
        })
    }
}

fn register() -> Counter {
    Counter(AtomicUsize::new(0))
}

secrets_runtime::register_backend!(register);

#[derive(Debug)]
enum Failure {
    Denied(#[expect(dead_code, reason = "Debug shows it")] String),
    Secrets(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Secrets(error)
    }
}

fn is_denied(failure: &Failure) -> bool {
    matches!(failure, Failure::Denied(_))
}

/// Returns or fails with the value of each run: what the first run says and what the second one returns.
#[secrets(sources = [{ id = "rotated", type = "counter" }], refresh_on = is_denied, guard = "deny")]
fn retried(
    seen: &std::sync::Mutex<Vec<String>>,
    fails_with_it: bool,
    returns_first: bool,
) -> Result<String, Failure> {
    let value = current_context().secrets.get("rotated", "rotated")?;
    let value = value.expose_str()?.to_owned();
    let mut seen = seen.lock().unwrap();
    seen.push(value.clone());
    match (seen.as_slice(), returns_first) {
        ([first], _) if fails_with_it => Err(Failure::Denied(first.clone())),
        ([_], _) => Err(Failure::Denied("denied".to_owned())),
        ([first, ..], true) => Ok(first.clone()),
        _ => Ok(value),
    }
}

#[secrets(sources = [{ id = "rotated", type = "counter" }], refresh_on = is_denied, guard = "deny")]
async fn retried_async(
    seen: &std::sync::Mutex<Vec<String>>,
    returns_first: bool,
) -> Result<String, Failure> {
    let value = current_context().secrets.get("rotated", "rotated")?;
    let value = value.expose_str()?.to_owned();
    let mut seen = seen.lock().unwrap();
    seen.push(value.clone());
    match (seen.as_slice(), returns_first) {
        ([_], _) => Err(Failure::Denied("denied".to_owned())),
        ([first, ..], true) => Ok(first.clone()),
        _ => Ok(value),
    }
}

#[track_caller]
fn leaked(result: Result<String, Failure>) -> Error {
    match result {
        Err(Failure::Secrets(error)) => error,
        _ => panic!("it passed"),
    }
}

#[test]
fn with_refresh_on_each_run_is_searched_for_the_values_before_and_after() {
    let seen = std::sync::Mutex::default();
    // The first run leaks: the predicate gets the guard's error, and the body does not run again.
    assert_eq!(paths(&leaked(retried(&seen, true, false))), ["error"]);
    assert_eq!(seen.lock().unwrap().len(), 1);
    for returns_first in [false, true] {
        let seen = std::sync::Mutex::default();
        assert_eq!(paths(&leaked(retried(&seen, false, returns_first))), ["$"]);
        assert_eq!(seen.lock().unwrap().len(), 2);
        let seen = std::sync::Mutex::default();
        let result = block_on(retried_async(&seen, returns_first));
        assert_eq!(paths(&leaked(result)), ["$"]);
        assert_eq!(seen.lock().unwrap().len(), 2);
    }
}

#[test]
fn what_a_body_fetches_again_is_looked_for_too() {
    #[secrets(sources = [{ id = "refreshed", type = "counter" }], guard = "deny")]
    fn step(returns_first: bool) -> Result<String> {
        let secrets = current_context().secrets;
        let first = secrets.get("refreshed", "refreshed")?;
        let second = secrets.refresh_blocking("refreshed")?.get("refreshed", "refreshed")?;
        let value = if returns_first { first } else { second };
        Ok(value.expose_str()?.to_owned())
    }
    assert_eq!(paths(&step(true).unwrap_err()), ["$"]);
    assert_eq!(paths(&step(false).unwrap_err()), ["$"]);
}
