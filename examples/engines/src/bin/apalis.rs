//! apalis: a worker that takes tasks from a queue.

use std::sync::Arc;

use apalis::prelude::*;
use secrets_engines::load;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Load {
    rows: usize,
}

async fn work(task: Load, done: Data<Arc<Notify>>) -> Result<(), secrets_runtime::Error> {
    println!("{} rows as {}", task.rows, load().await?);
    done.notify_one();
    Ok(())
}

#[tokio::main]
async fn main() {
    let done = Arc::new(Notify::new());
    let mut queue = MemoryStorage::new();
    queue.push(Load { rows: 10 }).await.expect("the queue is open");
    let worker = WorkerBuilder::new("loader").backend(queue).data(done.clone()).build(work);
    tokio::select! {
        ended = worker.run() => drop(ended),
        () = done.notified() => {}
    }
}
