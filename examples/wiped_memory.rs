//! A program that leaves no secret in memory which it has freed, and none in a core file.
//!
//! `cargo run --example wiped_memory --features zeroizing-alloc`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use secrets_examples::Playground;
use secrets_runtime::{
    Payload, SecretValue, current_context,
    process::{self, WipingAllocator},
    secrets,
};

#[global_allocator]
static ALLOCATOR: WipingAllocator = WipingAllocator::new();

#[secrets(sources = ["api"])]
fn call() -> anyhow::Result<usize> {
    let token = current_context().secrets.get("api", "token")?;
    // A copy that nobody wipes but the allocator.
    let header = format!("Authorization: Bearer {}", token.expose_str()?);
    Ok(header.len())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    if cfg!(unix) {
        process::no_core_dumps()?;
    }
    let store = Playground::new()?;
    let payload = SecretValue::from(r#"{"token": "correct horse"}"#);
    store.put("api", Payload::Json(payload)).await?;
    store.install()?;
    println!("sent a header of {} bytes", call()?);
    Ok(())
}
