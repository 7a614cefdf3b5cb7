//! A flow that connects to PostgreSQL with credentials that it gets at launch: Metaflow's own example. The code does not
//! say where they are kept. On a laptop that is the machine's encrypted store:
//!
//! ```sh
//! secrets register test-db-credentials --DB_USER=me --DB_PASSWORD=@file --DB_NAME=app --DB_HOST=127.0.0.1
//! cargo run --example db_flow --features aws,flow,postgres -- --with 'secrets:sources=["test-db-credentials"]' run
//! ```
//!
//! With a profile of `secrets.toml`, the same command reads the secret `test-db-credentials` of AWS Secrets Manager:
//!
//! ```toml
//! [profile.cluster]
//! default_backend = "aws-secrets-manager"
//! aws_region = "us-west-2"
//! ```
//!
//! ```sh
//! db_flow --secrets-profile cluster --with 'secrets:sources=["test-db-credentials"]' run
//! ```
//!
//! Then the flow is exported for Argo Workflows, where each pod reads it:
//!
//! ```sh
//! db_flow --secrets-profile cluster --with 'secrets:sources=["test-db-credentials"]' \
//!     argo-workflows create --image registry.example/db-flow:1 --only-yaml
//! ```
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::process::ExitCode;

use anyhow::Context;
use postgres::{Client, Config, NoTls};
use secrets_flow::Flow;
use secrets_runtime::{ErrorKind, current_context, secrets};

#[secrets]
fn start() -> anyhow::Result<()> {
    let mut client = connect()?;
    let row = client.query_one("SELECT current_user::text, current_database()::text", &[])?;
    println!("connected as {} to {}", row.get::<_, &str>(0), row.get::<_, &str>(1));
    Ok(())
}

fn connect() -> anyhow::Result<Client> {
    let secrets = current_context().secrets;
    let port = match secrets.var("DB_PORT") {
        Ok(port) => port.expose_str()?.parse().context("DB_PORT is not a port")?,
        Err(error) if error.kind() == ErrorKind::KeyNotFound => 5432,
        Err(error) => return Err(error.into()),
    };
    // The exposed values go to the client only, whose `Debug` leaves the password out.
    let client = Config::new()
        .user(secrets.var("DB_USER")?.expose_str()?)
        .password(secrets.var("DB_PASSWORD")?.expose_bytes())
        .dbname(secrets.var("DB_NAME")?.expose_str()?)
        .host(secrets.var("DB_HOST")?.expose_str()?)
        .port(port)
        // For another machine use a TLS connector, such as that of `postgres-native-tls`.
        .connect(NoTls)?;
    Ok(client)
}

/// It needs no secrets.
fn end() -> anyhow::Result<()> {
    println!("done");
    Ok(())
}

fn main() -> ExitCode {
    Flow::new("dbflow").step("start", start).step("end", end).after("start").main()
}
