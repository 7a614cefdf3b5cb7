//! Logs without secrets: a masker that learns every secret of the process, and a writer for logs.
//!
//! `cargo run --example mask_logs --features mask`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::io::{self, Write};

use secrets_examples::Playground;
use secrets_runtime::{Payload, SecretValue, current_context, mask::Masker, secrets};

#[secrets(sources = ["api"])]
fn call(log: &mut impl Write) -> anyhow::Result<()> {
    let token = current_context().secrets.get("api", "token")?;
    let token = token.expose_str()?;
    // Mistakes that happen: a header, a URL and a request in a log.
    writeln!(log, "> Authorization: Bearer {token}")?;
    writeln!(log, "> GET /items?token={}", token.replace(' ', "%20"))?;
    writeln!(log, "request: {:?}", Some(token))?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let store = Playground::new()?;
    let payload = SecretValue::from(r#"{"token": "correct horse"}"#);
    store.put("api", Payload::Json(payload)).await?;
    store.install()?;

    let masker = Masker::current();
    masker.install_panic_hook();
    // With tracing: tracing_subscriber::fmt().with_writer(move || masker.writer(io::stderr())).init();
    let mut log = masker.writer(io::stdout());
    call(&mut log)?;
    log.finish()?;

    println!("{}", masker.mask("a text that has correct horse in it"));
    Ok(())
}
