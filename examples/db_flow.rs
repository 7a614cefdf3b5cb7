//! A step that connects to PostgreSQL with credentials that it gets at launch: Metaflow's own example. The code
//! does not say where they are kept. On a laptop that is the machine's encrypted store:
//!
//! ```sh
//! secrets register test-db-credentials --DB_USER=me --DB_PASSWORD=@file --DB_NAME=app --DB_HOST=127.0.0.1
//! cargo run --example db_flow --features aws,clap,postgres -- --with 'secrets:sources=["test-db-credentials"]'
//! ```
//!
//! and with `SECRETS_DEFAULT_BACKEND=aws-secrets-manager` (or `--secrets-backend`, or a profile of `secrets.toml`)
//! the same command reads the secret `test-db-credentials` of AWS Secrets Manager.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use anyhow::Context;
use clap::Parser;
use postgres::{Client, Config, NoTls};
use secrets_runtime::{ErrorKind, cli::SecretsArgs, current_context, secrets};

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    secrets: SecretsArgs,
}

#[secrets]
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

fn main() -> anyhow::Result<()> {
    Arguments::parse().secrets.apply()?;

    let mut client = connect()?;
    let row = client.query_one("SELECT current_user::text, current_database()::text", &[])?;
    println!("connected as {} to {}", row.get::<_, &str>(0), row.get::<_, &str>(1));
    Ok(())
}
