//! Steps whose secret has a lease: what `refresh_on` means for them.

use std::time::Duration;

use secrets_runtime::{__testing::ManualClock, Error, current_context, secrets};
use secrets_tests::leasing_backend::LeasingBackend;

use crate::child::cases;

pub const CASES: &[(&str, fn())] = cases![
    a_step_that_runs_again_has_a_new_lease,
    a_step_that_is_refused_again_leaves_the_new_lease_to_the_next,
    steps_that_fail_together_share_one_new_lease,
];

const TIME: Duration = Duration::from_secs(3000);

#[derive(Debug)]
enum Failure {
    Refused,
    #[expect(dead_code, reason = "a failing test shows it")]
    Secrets(Error),
}

impl Failure {
    fn is_refused(&self) -> bool {
        matches!(self, Self::Refused)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Secrets(error)
    }
}

/// What a server says to the password of the step: it takes one alone.
fn log_in(taken: &str) -> Result<(), Failure> {
    let password = current_context().secrets.get("db", "db")?;
    match password.expose_str()? == taken {
        true => Ok(()),
        false => Err(Failure::Refused),
    }
}

#[secrets(sources = ["db"], refresh_on = Failure::is_refused)]
fn sync_step(taken: &str) -> Result<(), Failure> {
    log_in(taken)
}

#[secrets(sources = ["db"], refresh_on = Failure::is_refused)]
async fn async_step(taken: &str, both: &tokio::sync::Barrier) -> Result<(), Failure> {
    both.wait().await;
    log_in(taken)
}

fn setup() -> (LeasingBackend, ManualClock) {
    let (backend, clock) = (LeasingBackend::new(TIME), ManualClock::new());
    backend.builder(&clock).build().unwrap().install().unwrap();
    (backend, clock)
}

/// The numbers of fetches and renewals, and the leases that were revoked, when all is done.
fn log(backend: &LeasingBackend, clock: &ManualClock) -> (usize, usize, Vec<String>) {
    clock.advance(Duration::ZERO);
    backend.log()
}

fn a_step_that_runs_again_has_a_new_lease() {
    let (backend, clock) = setup();
    sync_step("SeNtInEl-2").unwrap();
    assert_eq!(log(&backend, &clock), (2, 0, vec!["lease-1".to_owned()]));
    // The next one finds it, and has another one in its turn.
    sync_step("SeNtInEl-2").unwrap();
    assert_eq!(log(&backend, &clock).0, 2);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let alone = tokio::sync::Barrier::new(1);
    runtime.block_on(async_step("SeNtInEl-3", &alone)).unwrap();
    assert_eq!(log(&backend, &clock).2, ["lease-1", "lease-2"]);
    // The new one is renewed like any other.
    clock.advance(Duration::from_secs(2000));
    assert_eq!(backend.lock().renewed, ["lease-3"]);
}

fn a_step_that_is_refused_again_leaves_the_new_lease_to_the_next() {
    let (backend, clock) = setup();
    let failure = sync_step("SeNtInEl-0").unwrap_err();
    assert!(failure.is_refused(), "{failure:?}");
    assert_eq!(log(&backend, &clock), (2, 0, vec!["lease-1".to_owned()]));
    sync_step("SeNtInEl-2").unwrap();
    assert_eq!(log(&backend, &clock), (2, 0, vec!["lease-1".to_owned()]));
}

fn steps_that_fail_together_share_one_new_lease() {
    let (backend, clock) = setup();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let both = tokio::sync::Barrier::new(2);
    let (one, two) = runtime.block_on(async {
        tokio::join!(async_step("SeNtInEl-2", &both), async_step("SeNtInEl-2", &both))
    });
    one.and(two).unwrap();
    assert_eq!(log(&backend, &clock), (2, 0, vec!["lease-1".to_owned()]));
}
