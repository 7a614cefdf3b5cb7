//! The stage `msrv`: the libraries are checked with the oldest Rust that they support.

use std::process::Command;

use crate::{command::CommandLine, workspace::Workspace};

/// The package that is checked, with those that it needs.
const RUNTIME: &str = "secrets-runtime";

/// Returns the command of the stage, or why it cannot run: the toolchain is not installed.
pub fn commands(workspace: &Workspace) -> Result<Vec<CommandLine>, String> {
    let runtime =
        workspace.package(RUNTIME).ok_or_else(|| format!("there is no package {RUNTIME}"))?;
    let minimum =
        runtime.minimum_rust.as_deref().ok_or_else(|| format!("{RUNTIME} declares no minimum"))?;
    let listed = Command::new("rustup").args(["toolchain", "list"]).output();
    let listed = listed.map_err(|_| "rustup is not installed".to_owned())?;
    let toolchains = String::from_utf8_lossy(&listed.stdout).into_owned();
    let toolchain = toolchain_of(minimum, &toolchains).ok_or_else(|| {
        format!(
            "Rust {minimum} is not installed: rustup toolchain install {minimum} --profile minimal"
        )
    })?;
    let target = workspace.scratch.join("msrv");
    let command =
        CommandLine::new("rustup", ["run", toolchain, "cargo", "check"]).args(["-p", RUNTIME]);
    Ok(vec![command.args(["--target-dir", &target.to_string_lossy()])])
}

/// A line of what rustup lists is a name such as `1.89-x86_64-unknown-linux-gnu`, then remarks in brackets.
fn toolchain_of<'a>(version: &str, listed: &'a str) -> Option<&'a str> {
    let fits =
        |line: &&str| line.strip_prefix(version).is_some_and(|rest| rest.starts_with(['-', '.']));
    listed.lines().find(fits)?.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toolchain_is_found_by_its_version() {
        let listed = "stable-x86_64 (active)\n1.8-x86_64\n1.89.0-x86_64 (default)\n";
        assert_eq!(toolchain_of("1.89", listed), Some("1.89.0-x86_64"));
        assert_eq!(toolchain_of("1.8", listed), Some("1.8-x86_64"));
        assert_eq!(toolchain_of("1.7", listed), None);
    }
}
