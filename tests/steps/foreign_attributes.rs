//! Attributes of other crates above and below ours; some are called `task` too.

use secrets_runtime::{Error, SecretValue, current_context, testing};
use secrets_tests_foreign as flyte;

const GIVEN: [(&str, &str, &str); 2] =
    [("db", "password", "SeNtInEl"), ("api", "token", "SeNtInEl-api")];

fn length(group: &str, key: &str) -> Result<usize, Error> {
    Ok(current_context().secrets.get(group, key)?.expose_bytes().len())
}

/// Checks that the body has the secrets of its step, before and after it has waited.
async fn lengths(rows: usize) -> Result<usize, Error> {
    let before = length("db", "password")?;
    tokio::task::yield_now().await;
    assert_eq!(length("db", "password")?, before);
    Ok(rows + before)
}

/// Written with its path, so that it cannot be ours.
mod by_path {
    use super::*;
    use secrets_runtime::{secrets, task};

    #[flyte::task]
    #[secrets(sources = ["db"])]
    pub async fn above_secrets(rows: usize) -> Result<usize, Error> {
        lengths(rows).await
    }

    #[secrets(sources = ["db"])]
    #[flyte::task]
    pub async fn below_secrets(rows: usize) -> Result<usize, Error> {
        lengths(rows).await
    }

    #[flyte::task]
    #[task(secret_requests = [Secret(group = "db", key = "password")])]
    pub async fn above_task(rows: usize) -> Result<usize, Error> {
        lengths(rows).await
    }

    #[task(secret_requests = [Secret(group = "db", key = "password")])]
    #[flyte::task]
    pub async fn below_task(rows: usize) -> Result<usize, Error> {
        lengths(rows).await
    }

    #[flyte::task]
    #[secrets(sources = ["db"])]
    pub fn above_sync(rows: usize) -> Result<usize, Error> {
        Ok(rows + length("db", "password")?)
    }

    #[task(secret_requests = [Secret(group = "db", key = "password")])]
    #[flyte::task]
    pub fn below_sync(rows: usize) -> Result<usize, Error> {
        Ok(rows + length("db", "password")?)
    }

    /// Between our two, which still are one step.
    #[secrets(sources = ["api"])]
    #[flyte::task]
    #[task(secret_requests = [Secret(group = "db", key = "password")])]
    pub async fn between(rows: usize) -> Result<usize, Error> {
        Ok(lengths(rows).await? + length("api", "token")?)
    }
}

/// Imported, so that the bare name is another crate's, and ours is written with its path.
mod by_name {
    use super::*;
    use flyte::task;
    use secrets_runtime::secrets;

    #[task]
    #[secrets(sources = ["db"])]
    pub async fn above_secrets(rows: usize) -> Result<usize, Error> {
        lengths(rows).await
    }

    #[secrets(sources = ["db"])]
    #[task]
    pub async fn below_secrets(rows: usize) -> Result<usize, Error> {
        lengths(rows).await
    }

    #[task]
    #[secrets_runtime::task(secret_requests = [Secret(group = "db", key = "password")])]
    pub async fn above_task(rows: usize) -> Result<usize, Error> {
        lengths(rows).await
    }

    #[secrets_runtime::task(secret_requests = [Secret(group = "db", key = "password")])]
    #[task]
    pub async fn below_task(rows: usize) -> Result<usize, Error> {
        lengths(rows).await
    }

    #[task]
    #[secrets(sources = ["db"])]
    pub fn above_sync(rows: usize) -> Result<usize, Error> {
        Ok(rows + length("db", "password")?)
    }

    #[secrets_runtime::task(secret_requests = [Secret(group = "db", key = "password")])]
    #[task]
    pub fn below_sync(rows: usize) -> Result<usize, Error> {
        Ok(rows + length("db", "password")?)
    }

    #[secrets_runtime::task(secret_requests = [Secret(group = "db", key = "password")])]
    #[task]
    #[secrets(sources = ["api"])]
    pub async fn between(rows: usize) -> Result<usize, Error> {
        Ok(lengths(rows).await? + length("api", "token")?)
    }
}

/// Those that rename the function or move its body.
mod rewritten {
    use super::*;
    use secrets_runtime::{secrets, task};

    #[flyte::registered]
    #[secrets(sources = ["db"])]
    pub async fn registered_above(rows: usize) -> Result<usize, Error> {
        lengths(rows).await
    }

    #[secrets(sources = ["db"])]
    #[flyte::registered]
    pub async fn registered_below(rows: usize) -> Result<usize, Error> {
        lengths(rows).await
    }

    #[flyte::registered]
    #[task(secret_requests = [Secret(group = "db", key = "password")])]
    pub fn registered_above_sync(rows: usize) -> Result<usize, Error> {
        Ok(rows + length("db", "password")?)
    }

    #[secrets(sources = ["db"])]
    #[flyte::registered]
    pub fn registered_below_sync(rows: usize) -> Result<usize, Error> {
        Ok(rows + length("db", "password")?)
    }

    #[flyte::traced]
    #[secrets(sources = ["db"])]
    pub async fn traced_above(rows: usize) -> Result<usize, Error> {
        lengths(rows).await
    }

    #[task(secret_requests = [Secret(group = "db", key = "password")])]
    #[flyte::traced]
    pub async fn traced_below(rows: usize) -> Result<usize, Error> {
        lengths(rows).await
    }

    #[flyte::traced]
    #[secrets(sources = ["db"])]
    pub fn traced_above_sync(rows: usize) -> Result<usize, Error> {
        Ok(rows + length("db", "password")?)
    }

    /// All of them on one function.
    #[flyte::registered]
    #[secrets(sources = ["api"])]
    #[flyte::task]
    #[task(secret_requests = [Secret(group = "db", key = "password")])]
    #[flyte::traced]
    pub async fn all(rows: usize) -> Result<usize, Error> {
        Ok(lengths(rows).await? + length("api", "token")?)
    }
}

/// Typed parameters are gone before the others see the function.
mod typed {
    use super::*;
    use flyte::task;
    use secrets_runtime::secrets;

    #[derive(serde::Deserialize)]
    pub struct Api {
        pub token: SecretValue,
    }

    #[secrets]
    #[task]
    pub async fn below(
        rows: usize,
        #[secret("db", key = "password")] password: SecretValue,
        #[secret("api")] api: Api,
    ) -> Result<usize, Error> {
        tokio::task::yield_now().await;
        Ok(rows + password.expose_bytes().len() + api.token.expose_bytes().len())
    }

    #[secrets_runtime::task(secret_requests = [Secret(group = "db", key = "password")])]
    #[task]
    pub fn below_sync(
        rows: usize,
        #[secret("db", key = "password")] password: SecretValue,
    ) -> Result<usize, Error> {
        Ok(rows + password.expose_bytes().len())
    }

    #[secrets]
    #[flyte::registered]
    #[flyte::traced]
    pub async fn rewritten(
        #[secret("db", key = "password")] password: SecretValue,
        rows: usize,
    ) -> Result<usize, Error> {
        tokio::task::yield_now().await;
        Ok(rows + password.expose_bytes().len())
    }
}

/// The futures of the steps, each with its expected result.
async fn expect(step: impl Future<Output = Result<usize, Error>> + Send, wanted: usize) {
    let got = testing::with_secrets_async(GIVEN, step).await;
    assert_eq!(got.unwrap(), wanted);
}

#[tokio::test]
async fn a_foreign_task_by_its_path_in_either_order() {
    use by_path::*;
    expect(above_secrets(1), 9).await;
    expect(below_secrets(1), 9).await;
    expect(above_task(1), 9).await;
    expect(below_task(1), 9).await;
    expect(between(1), 21).await;
    assert_eq!(testing::with_secrets(GIVEN, || above_sync(1)).unwrap(), 9);
    assert_eq!(testing::with_secrets(GIVEN, || below_sync(1)).unwrap(), 9);
}

#[tokio::test]
async fn a_foreign_task_by_its_bare_name_in_either_order() {
    use by_name::*;
    expect(above_secrets(1), 9).await;
    expect(below_secrets(1), 9).await;
    expect(above_task(1), 9).await;
    expect(below_task(1), 9).await;
    expect(between(1), 21).await;
    assert_eq!(testing::with_secrets(GIVEN, || above_sync(1)).unwrap(), 9);
    assert_eq!(testing::with_secrets(GIVEN, || below_sync(1)).unwrap(), 9);
}

#[tokio::test]
async fn the_function_that_a_foreign_task_registers_is_the_step() {
    expect(by_path::ABOVE_SECRETS_TASK.run(1), 9).await;
    expect(by_path::BELOW_TASK_TASK.run(1), 9).await;
    expect(by_path::BETWEEN_TASK.run(1), 21).await;
    expect(by_name::ABOVE_TASK_TASK.run(1), 9).await;
    expect(by_name::BELOW_SECRETS_TASK.run(1), 9).await;
    assert_eq!(testing::with_secrets(GIVEN, || by_path::BELOW_SYNC_TASK.run(1)).unwrap(), 9);
    assert_eq!(testing::with_secrets(GIVEN, || by_name::ABOVE_SYNC_TASK.run(1)).unwrap(), 9);
    expect((rewritten::REGISTERED_ABOVE_REGISTERED)(1), 9).await;
    expect((rewritten::REGISTERED_BELOW_REGISTERED)(1), 9).await;
    let sync = rewritten::REGISTERED_ABOVE_SYNC_REGISTERED;
    assert_eq!(testing::with_secrets(GIVEN, || sync(1)).unwrap(), 9);
}

#[tokio::test]
async fn a_function_that_is_renamed_or_whose_body_moves_is_a_step() {
    use rewritten::*;
    expect(registered_above(1), 9).await;
    expect(registered_below(1), 9).await;
    expect(traced_above(1), 9).await;
    expect(traced_below(1), 9).await;
    expect(all(1), 21).await;
    for step in [registered_above_sync, registered_below_sync, traced_above_sync] {
        assert_eq!(testing::with_secrets(GIVEN, || step(1)).unwrap(), 9);
    }
}

#[tokio::test]
async fn typed_parameters_vanish_before_a_foreign_attribute_below() {
    expect(typed::below(1), 21).await;
    expect(typed::BELOW_TASK.run(1), 21).await;
    expect(typed::rewritten(1), 9).await;
    expect((typed::REWRITTEN_REGISTERED)(1), 9).await;
    assert_eq!(testing::with_secrets(GIVEN, || typed::below_sync(1)).unwrap(), 9);
    assert_eq!(typed::BELOW_TASK.inputs(), ["rows"]);
    assert_eq!(typed::BELOW_SYNC_TASK.inputs(), ["rows"]);
}
