//! A Prefect flow in Rust: secrets of the local context, one of Prefect's default secrets as a struct, and an
//! environment variable that may be missing.
//!
//! `cargo run --example prefect_flow`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::process::Command;

use secrets_runtime::{SecretValue, credentials::AwsCredentials, secrets};

/// `PrefectSecret("API_TOKEN")` and `EnvVarSecret("PROXY")` of a flow.
#[secrets(sources = [{ id = "PROXY", type = "env", options = { required = false } }])]
fn extract(
    #[secret("prefect.API_TOKEN")] token: SecretValue,
    #[secret("PROXY")] proxy: Option<String>,
) -> anyhow::Result<usize> {
    println!("extract: with {} proxy", if proxy.is_some() { "a" } else { "no" });
    // `token` would go into a request here; its type keeps it out of logs and results.
    Ok(token.expose_bytes().len())
}

/// `AWS_CREDENTIALS` is the name that Prefect's tasks look for. As a struct it is there whole or not at all.
#[secrets]
fn load(
    rows: usize,
    #[secret("prefect.AWS_CREDENTIALS")] aws: AwsCredentials,
) -> anyhow::Result<()> {
    println!("load: {rows} rows with {aws:?}");
    Ok(())
}

fn main() -> anyhow::Result<()> {
    if std::env::var_os("PREFECT__CONTEXT__SECRETS__API_TOKEN").is_some() {
        let rows = extract()?;
        return load(rows);
    }
    // What a deployment sets. With the feature `prefect` and PREFECT_API_URL, what is not here is read from the
    // secret blocks of a server.
    let status = Command::new(std::env::current_exe()?)
        .env("PREFECT__CONTEXT__SECRETS__API_TOKEN", "example-token")
        .env(
            "PREFECT__CONTEXT__SECRETS__AWS_CREDENTIALS",
            r#"{"ACCESS_KEY": "example", "SECRET_ACCESS_KEY": "example"}"#,
        )
        .status()?;
    anyhow::ensure!(status.success(), "the flow failed");
    Ok(())
}
