//! The environment is for synchronous steps, also where the future is boxed.
use secrets_runtime::{Error, secrets};

struct Job;

#[async_trait::async_trait]
trait Work {
    async fn work(&self) -> Result<(), Error>;
}

#[async_trait::async_trait]
impl Work for Job {
    #[secrets(sources = ["a"], export = "process")]
    async fn work(&self) -> Result<(), Error> {
        Ok(())
    }
}

fn main() {}
