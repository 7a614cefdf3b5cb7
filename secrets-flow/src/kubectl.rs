//! The user's own `kubectl`.

use std::{
    io::{ErrorKind, Write},
    process::{Command, ExitStatus, Output, Stdio},
};

use crate::{failure::CommandFailure, program::say};

/// Passes a manifest to `kubectl VERB -f -`, after saying where it goes. Returns the exit code of `kubectl`, which says
/// itself what is wrong.
///
/// # Errors
/// If there is no `kubectl`.
pub fn run(verb: &str, namespace: Option<&str>, manifest: &str) -> Result<u8, CommandFailure> {
    let context = answer(&["config", "current-context"])?;
    let namespace = match namespace {
        Some(namespace) => Some(namespace.to_owned()),
        None => answer(&["config", "view", "--minify", "--output", "jsonpath={..namespace}"])?
            .or_else(|| Some("default".to_owned())),
    };
    say(&format!(
        "kubectl {verb}: context {}, namespace {}",
        context.as_deref().unwrap_or("unknown"),
        namespace.as_deref().unwrap_or("default")
    ));
    let mut command = Command::new("kubectl");
    command.args([verb, "-f", "-"]).stdin(Stdio::piped());
    let mut child = command.spawn().map_err(|error| start_failure(&error))?;
    if let Some(mut input) = child.stdin.take() {
        // If it does not read to the end, it says why.
        let _ = input.write_all(manifest.as_bytes());
    }
    let status = child.wait().map_err(|error| start_failure(&error))?;
    match code(status) {
        0 => Ok(0),
        code => Err(CommandFailure::Said(code)),
    }
}

/// Returns what `kubectl` prints, if it has an answer.
fn answer(arguments: &[&str]) -> Result<Option<String>, CommandFailure> {
    let mut command = Command::new("kubectl");
    command.args(arguments).stdin(Stdio::null()).stderr(Stdio::null());
    let Output { status, stdout, .. } = command.output().map_err(|error| start_failure(&error))?;
    let text = String::from_utf8_lossy(&stdout).trim().to_owned();
    Ok(Some(text).filter(|text| status.success() && !text.is_empty()))
}

/// Returns why it cannot be started, with the exit code that a shell has for it.
fn start_failure(error: &std::io::Error) -> CommandFailure {
    let help = "install it, or print the manifest with --only-yaml";
    match error.kind() {
        ErrorKind::NotFound => {
            CommandFailure::Other(format!("there is no `kubectl` in the PATH: {help}"), 127)
        }
        _ => CommandFailure::Other(format!("`kubectl` cannot be started: {error}: {help}"), 126),
    }
}

fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(1);
    }
    u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)
}
