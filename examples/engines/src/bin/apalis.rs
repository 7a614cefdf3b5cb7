//! apalis: a worker that takes tasks from a queue. The queue is a file, which keeps tasks and results.

use anyhow::Context;
use apalis::prelude::*;
use apalis_file_storage::JsonStorage;
use secrets_engines::load;
use serde::{Deserialize, Serialize};

/// A task, which is stored: it says what to do, and has no secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Load {
    rows: usize,
}

async fn work(task: Load, worker: WorkerContext) -> Result<String, BoxDynError> {
    let user = load().await?;
    // A real worker waits for the next task.
    worker.stop()?;
    Ok(format!("{} rows as {user}", task.rows))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let file = std::env::args_os().nth(1).context("name the file of the queue")?;
    let mut queue = JsonStorage::new(file)?;
    queue.push(Load { rows: 10 }).await?;
    WorkerBuilder::new("loader").backend(queue).build(work).run().await?;
    Ok(())
}
