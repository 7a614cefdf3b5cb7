//! A step that returns a secret by mistake: it fails before anybody gets what it returns.
//!
//! `cargo run --example leak_guard --features guard`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use secrets_examples::Playground;
use secrets_runtime::{Payload, SecretValue, current_context, secrets};
use serde::Serialize;

#[derive(Serialize)]
struct Report {
    rows: usize,
    url: String,
}

/// Its report is stored by the scheduler, with the password that somebody has put into the address.
#[secrets(sources = ["db"], guard = "deny")]
fn load() -> anyhow::Result<Report> {
    let secrets = current_context().secrets;
    let url = secrets.render("postgres://app:{{db.password | url}}@db/orders")?;
    Ok(Report { rows: 3, url: url.expose_str()?.to_owned() })
}

/// Its error has the password in it. A step may also return what cannot be serialized, if only its error is looked at.
#[secrets(sources = ["db"], guard = "errors")]
fn connect() -> anyhow::Result<std::net::TcpStream> {
    let password = current_context().secrets.get("db", "password")?;
    anyhow::bail!("the server refused the password {}", password.expose_str()?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let store = Playground::new()?;
    let payload = SecretValue::from(r#"{"password": "correct horse"}"#);
    store.put("db", Payload::Json(payload)).await?;
    store.install()?;

    match load() {
        Ok(report) => println!("{} rows from {}", report.rows, report.url),
        Err(error) => println!("{error:#}\n"),
    }
    if let Err(error) = connect() {
        println!("{error:#}");
    }
    Ok(())
}
