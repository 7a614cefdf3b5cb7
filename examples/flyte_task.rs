//! A task as Flyte and Union users write it, with the secrets where their platform puts them.
//!
//! The program plays the platform first: it mounts a folder, sets a variable and starts itself again as the
//! container would run it. `cargo run --example flyte_task`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{env, fs, process::Command};

use anyhow::Context as _;
use secrets_runtime::{MountType, Secret, current_context, task};

const GROUP: &str = "user-info";
/// A request may be a constant that several tasks use.
const TOKEN: Secret = Secret::new(GROUP, "API_TOKEN").mount_requirement(MountType::ENV_VAR);

/// All are read before the body runs; the body cannot read anything else.
#[task(secret_requests = [
    Secret(group = GROUP, key = "user_secret"),
    Secret(group = "db", key = "password", group_version = "v2"),
    Secret(group = "tls", key = "key.pem", mount_requirement = FILE),
    TOKEN,
])]
async fn train() -> anyhow::Result<()> {
    let secrets = current_context().secrets;
    let user_secret = secrets.get(GROUP, "user_secret")?;
    let token = secrets.get(GROUP, "API_TOKEN")?;
    let password = secrets.get_versioned("db", "password", "v2")?;
    println!(
        "a mounted file has {} bytes, its last newline left out",
        user_secret.expose_str()?.len()
    );
    println!("a mounted version has {} bytes", password.expose_str()?.len());
    println!("a variable has {} bytes, and prints as {token:?}", token.expose_str()?.len());
    let path = secrets.file("tls", "key.pem")?;
    println!("a file for code that reads a path has {} bytes", fs::metadata(path)?.len());

    let undeclared = secrets.get("db", "user").err().context("it was not requested")?;
    println!("a secret that was not requested is {}", undeclared.kind());
    Ok(())
}

/// A secret that is not mounted is an error before the body runs. The error lists every path that was tried.
#[task(secret_requests = [Secret(group = "db", key = "User")])]
async fn cannot_start() -> anyhow::Result<()> {
    unreachable!("the secret is not there")
}

async fn container() -> anyhow::Result<()> {
    train().await?;
    let error = cannot_start().await.err().context("the secret is not mounted")?;
    println!("{error}");
    Ok(())
}

/// Mounts the secrets and runs the container, with the one setting that its image has.
fn platform() -> anyhow::Result<()> {
    let mounted = tempfile::tempdir()?;
    fs::create_dir_all(mounted.path().join("user-info"))?;
    fs::write(mounted.path().join("user-info/user_secret"), "correct horse\n")?;
    fs::create_dir_all(mounted.path().join("db/v2"))?;
    fs::write(mounted.path().join("db/v2/password"), "battery staple")?;
    let status = Command::new(env::current_exe()?)
        .env("SECRETS_DEFAULT_BACKEND", "flyte")
        .env("FLYTE_SECRETS_DEFAULT_DIR", mounted.path())
        .env("_FSEC_TLS_KEY.PEM", "-----BEGIN PRIVATE KEY-----")
        .env("_FSEC_USER-INFO_API_TOKEN", "t0k3n")
        .status()?;
    anyhow::ensure!(status.success(), "the container ended with {status}");
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    match env::var_os("FLYTE_SECRETS_DEFAULT_DIR") {
        Some(_) => container().await,
        None => platform(),
    }
}
