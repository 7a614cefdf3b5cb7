use async_trait::async_trait;
use secrets_runtime::{Error, current_context, secrets, task, testing};
use tracing::instrument;

const GIVEN: [(&str, &str, &str); 1] = [("db", "password", "SeNtInEl")];

fn length() -> Result<usize, Error> {
    Ok(current_context().secrets.get("db", "password")?.expose_bytes().len())
}

#[secrets(sources = ["db"])]
#[instrument]
async fn instrument_below(rows: usize) -> Result<usize, Error> {
    tokio::task::yield_now().await;
    Ok(rows + length()?)
}

#[instrument]
#[secrets(sources = ["db"])]
async fn instrument_above(rows: usize) -> Result<usize, Error> {
    Ok(rows + length()?)
}

#[secrets(sources = ["db"])]
#[tokio::main(flavor = "current_thread")]
async fn main_below() -> Result<usize, Error> {
    length()
}

#[tokio::main(flavor = "current_thread")]
#[secrets(sources = ["db"])]
async fn main_above() -> Result<usize, Error> {
    length()
}

#[async_trait]
trait Loader {
    async fn load(&self, rows: usize) -> Result<usize, Error>;
    async fn given(&self) -> Result<usize, Error>;
}

struct Below;

#[async_trait]
impl Loader for Below {
    #[secrets(sources = ["db"])]
    async fn load(&self, rows: usize) -> Result<usize, Error> {
        tokio::task::yield_now().await;
        Ok(rows + length()?)
    }

    #[task(secret_requests = [Secret(group = "db", key = "password")])]
    async fn given(&self) -> Result<usize, Error> {
        length()
    }
}

#[tokio::test]
async fn with_instrument_in_either_order() {
    let below = testing::with_secrets_async(GIVEN, instrument_below(1)).await;
    let above = testing::with_secrets_async(GIVEN, instrument_above(1)).await;
    assert_eq!((below.unwrap(), above.unwrap()), (9, 9));
}

#[test]
fn with_tokio_main_in_either_order() {
    assert_eq!(testing::with_secrets(GIVEN, main_below).unwrap(), 8);
    assert_eq!(testing::with_secrets(GIVEN, main_above).unwrap(), 8);
}

#[tokio::test]
async fn inside_async_trait() {
    let loader: Box<dyn Loader> = Box::new(Below);
    let loaded = testing::with_secrets_async(GIVEN, loader.load(1)).await;
    assert_eq!(loaded.unwrap(), 9);
    assert_eq!(testing::with_secrets_async(GIVEN, loader.given()).await.unwrap(), 8);
}

#[secrets(sources = ["env.PATH"])]
#[tokio::test]
async fn a_test_that_is_a_step() -> Result<(), Error> {
    current_context().secrets.get("PATH", "PATH").map(drop)
}

#[tokio::test]
#[secrets(sources = ["env.PATH"])]
async fn a_step_that_is_a_test() -> Result<(), Error> {
    current_context().secrets.get("PATH", "PATH").map(drop)
}
