//! Attributes that name a backend of `secrets.toml`, whose type the compiler cannot know. The program is a test if it ends
//! well.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::{error::Error as StdError, fs, path::Path};

use secrets_runtime::{
    Error, Resolver, SecretValue, current_context, secrets, settings::variables,
};
#[cfg(unix)]
use secrets_runtime::{backends::Exec, get_secret_blocking};

#[secrets(sources = [
    "op.vault/item",
    { id = "My item", type = "op", group = "mine" },
    { id = "x/y", type = "op" },
])]
fn step(#[secret("op.token")] token: SecretValue) -> Result<(), Error> {
    assert_eq!(token.expose_str()?, "SeNtInEl-token");
    let text = |value: SecretValue| value.expose_str().map(str::to_owned);
    let value = current_context().secrets.get("op.vault/item", "vault_item")?;
    assert_eq!(text(value)?, "SeNtInEl-vault/item");
    let value = current_context().secrets.get("vault/item", "vault_item")?;
    assert_eq!(text(value)?, "SeNtInEl-vault/item");
    let value = current_context().secrets.get("mine", "My_item")?;
    assert_eq!(text(value)?, "SeNtInEl-My item");
    let value = current_context().secrets.get("x/y", "x_y")?;
    assert_eq!(text(value)?, "SeNtInEl-x/y");
    Ok(())
}

fn main() -> Result<(), Box<dyn StdError>> {
    if !Path::new("/bin/sh").exists() {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("secrets.toml");
    let started = folder.path().join("started");
    let slow = format!("touch {}; sleep 600; echo SeNtInEl", started.display());
    fs::write(
        &path,
        format!(
            "[backends.op]\nexec = ['/bin/sh', '-c', 'echo \"SeNtInEl-$1\"', 'sh', '{{id}}']\n\
             [backends.slow]\nexec = ['/bin/sh', '-c', {slow:?}, 'sh', '{{id}}']\n"
        ),
    )?;
    Resolver::builder().setting(&variables::CONFIG, path).build()?.install()?;
    step()?;
    #[cfg(unix)]
    programs_end_when_the_process_does(&started);
    Ok(())
}

/// As a handler of signals does it.
#[cfg(unix)]
fn programs_end_when_the_process_does(started: &Path) {
    let error = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| get_secret_blocking("slow.x").unwrap_err());
        while !started.exists() {
            std::thread::yield_now();
        }
        Exec::end_programs();
        waiting.join().unwrap()
    });
    assert!(error.to_string().contains("was ended by the signal 9"), "{error}");
    let error = get_secret_blocking("op.another").unwrap_err();
    assert!(error.to_string().contains("the process is about to end"), "{error}");
}
