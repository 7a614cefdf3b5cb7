//! A context follows the polls of its step. Other threads and spawned tasks have to be given it.
//!
//! `cargo run --example threads_and_tasks`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use anyhow::anyhow;
use secrets_examples::Playground;
use secrets_runtime::{Payload, SecretValue, current_context, secrets, try_current_context};

#[secrets(sources = ["db"])]
async fn step() -> anyhow::Result<()> {
    let context = current_context();

    // A thread has no context until it enters one.
    let thread = std::thread::spawn(move || {
        let before = try_current_context().is_none();
        let _entered = context.enter();
        current_context().secrets.get("db", "password").map(|password| (before, password))
    });
    let (before, password) = thread.join().map_err(|_| anyhow!("the thread panicked"))??;
    println!("thread: no context before it entered: {before}, then {password:?}");

    // `scope` gives a spawned task the context at each poll, on any thread.
    let tasks: Vec<_> = (0..4)
        .map(|number| {
            tokio::spawn(current_context().scope(async move {
                tokio::task::yield_now().await;
                let password = current_context().secrets.get("db", "password");
                println!("task {number}: {password:?}");
                password.map(drop)
            }))
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let store = Playground::new()?;
    let payload = SecretValue::from(r#"{"password": "correct horse"}"#);
    store.put("db", Payload::Json(payload)).await?;
    store.install()?;
    step().await
}
