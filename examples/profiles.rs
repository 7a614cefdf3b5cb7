//! The same step reads an encrypted store on a laptop and mounted files in a container: a profile of
//! `secrets.toml` decides, and the program stays as it is.
//!
//! `cargo run --example profiles`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{path::Path, process::Command};

use secrets_runtime::{Payload, SecretValue, Store, backends::Local, current_context, secrets};

/// What a deployment writes; paths are relative to the file's folder.
const SECRETS_TOML: &str = r#"
[profile.laptop]
default_backend = "local"
local_dir = "store"
local_key_file = "key.jwk"

[profile.container]
default_backend = "file"
file_dir = "mounted"

[profile.container.sources.prod-db]      # what the code calls prod-db is mounted as team/db
id = "team/db"
"#;

#[secrets(sources = ["prod-db"])]
fn connect() -> anyhow::Result<()> {
    let secrets = current_context().secrets;
    let user = secrets.get("prod-db", "user")?;
    let password = secrets.get("prod-db", "password")?;
    let length = password.expose_bytes().len();
    println!("  connects as {}, with a password of {length} bytes", user.expose_str()?);
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    // The program runs itself, once in each profile: settings are read once in a process.
    if std::env::var_os("SECRETS_PROFILE").is_some() {
        return connect();
    }
    let folder = tempfile::tempdir()?;
    deploy(folder.path()).await?;
    for profile in ["laptop", "container"] {
        println!("SECRETS_PROFILE={profile}");
        let mut program = Command::new(std::env::current_exe()?);
        // The one who names the file vouches for it. One that is merely found upwards may choose the store and its key
        // only after `secrets trust`.
        program.env("SECRETS_CONFIG", folder.path().join("secrets.toml"));
        program.env("SECRETS_PROFILE", profile);
        anyhow::ensure!(program.status()?.success(), "the step failed in the profile {profile}");
    }
    Ok(())
}

/// Puts the secret where each of the two deployments keeps it.
async fn deploy(folder: &Path) -> anyhow::Result<()> {
    std::fs::write(folder.join("secrets.toml"), SECRETS_TOML)?;

    let store = Local::new(folder.join("store"), folder.join("key.jwk"));
    let laptop = SecretValue::from(r#"{"user": "me", "password": "laptop"}"#);
    store.put("prod-db", Payload::Json(laptop)).await?;

    let mounted = folder.join("mounted/team/db");
    std::fs::create_dir_all(&mounted)?;
    std::fs::write(mounted.join("user"), "app\n")?;
    std::fs::write(mounted.join("password"), "correct horse\n")?;
    Ok(())
}
