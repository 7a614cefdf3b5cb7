//! `preflight` checks every step that is linked into a program, so this program has only three.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use secrets_runtime::{
    Error, ErrorKind, SecretValue, ValidationLevel, preflight, preflight_blocking, secrets, task,
    testing,
};

#[secrets(sources = ["shared", { id = "optional", options = { required = false } }])]
async fn loads(#[secret("db", key = "password")] _password: SecretValue) -> Result<(), Error> {
    Ok(())
}

#[task(secret_requests = [Secret(group = "api", key = "token")])]
fn calls() -> Result<(), Error> {
    Ok(())
}

mod deep {
    use super::*;

    pub struct Job<T>(pub T);

    impl<T: Send> Job<T> {
        #[secrets(sources = ["shared", "only-here"])]
        pub fn generic(&self) -> Result<(), Error> {
            Ok(())
        }
    }
}

fn kinds(given: &[(&str, &str, &str)], level: ValidationLevel) -> Vec<(ErrorKind, String)> {
    let report = testing::with_secrets(given.to_vec(), || preflight_blocking(level));
    report.problems().iter().map(|p| (p.kind(), p.origin().to_owned())).collect()
}

#[test]
fn all_steps_are_checked_and_each_secret_is_reported_once() {
    let full = [
        ("shared", "a", "SeNtInEl"),
        ("db", "password", "SeNtInEl"),
        ("api", "token", "SeNtInEl"),
        ("only-here", "a", "SeNtInEl"),
    ];
    let level = ValidationLevel::SecretAndKeyExists;
    assert_eq!(kinds(&full, level), []);
    let mut missing = kinds(&full[..1], level);
    missing.sort();
    let names: Vec<_> = missing.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, ["api/token", "db", "only-here"]);
    assert_eq!(kinds(&[], level).iter().filter(|(_, name)| name == "shared").count(), 1);
    assert_eq!(kinds(&[], ValidationLevel::None), []);

    let mut other_key = full;
    other_key[1].1 = "user";
    assert_eq!(kinds(&other_key, level), [(ErrorKind::KeyNotFound, "db/password".to_owned())]);
}

#[test]
fn steps_run_after_a_preflight() {
    let given = [
        ("shared", "a", "x"),
        ("db", "password", "x"),
        ("api", "token", "x"),
        ("only-here", "a", "x"),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let ran: Result<(), Error> = runtime.block_on(testing::with_secrets_async(given, async {
        preflight(ValidationLevel::default()).await.into_result()?;
        loads().await?;
        calls()?;
        deep::Job(1).generic()
    }));
    ran.unwrap();
}
