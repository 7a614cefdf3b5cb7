//! A job that writes down which version of which secret it ran with, and a log of who got and read which secrets.
//!
//! The store and the log are in a temporary folder: `cargo run --example audit_trail`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::fs;

use secrets_runtime::{
    AuditEvent, AuditEventKind, AuditSink, Error, Payload, Resolver, SecretValue, Store,
    backends::Local, current_context, secrets,
};

/// A sink of the program's own: it could send events to a queue, and here prints what a step was refused.
struct Alarm;

impl AuditSink for Alarm {
    fn record(&self, event: &AuditEvent) -> Result<(), Error> {
        if event.event() == AuditEventKind::NotRequested {
            let (step, group) = (event.step().unwrap_or("-"), event.group().unwrap_or("-"));
            println!("alarm   the step {step} asked for {group}, which it does not declare");
        }
        Ok(())
    }
}

/// Declares two secrets, and reads one field of one of them.
#[secrets(sources = ["prod-db", "api-token"])]
fn load() -> anyhow::Result<String> {
    let secrets = current_context().secrets;
    let password = secrets.get("prod-db", "password")?;
    println!("load    a password of {} bytes", password.expose_bytes().len());
    assert!(secrets.get("billing", "key").is_err());

    // What a job writes beside its result. It holds no value.
    let provenance = secrets.provenance("prod-db").map(serde_json::to_string).transpose()?;
    Ok(provenance.unwrap_or_default())
}

fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let local = Local::new(folder.path().join("store"), folder.path().join("keys/key.jwk"));
    let db = r#"{"user": "app", "password": "correct horse"}"#;
    local.put_blocking("prod-db", Payload::Json(SecretValue::from(db)))?;
    local.put_blocking("api-token", Payload::Text(SecretValue::from("t0k3n")))?;

    let log = folder.path().join("audit.log");
    // In production SECRETS_AUDIT and SECRETS_AUDIT_REQUIRED do this, without a line of code.
    let builder = Resolver::builder().backend(local).audit_file(&log).audit(Alarm);
    builder.audit_required(true).build()?.install()?;

    println!("result  {}", load()?);
    for line in fs::read_to_string(&log)?.lines() {
        println!("log     {line}");
    }
    Ok(())
}
