//! Programs from Debian's packages.

use std::{
    env,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::report::Outcome;

/// Returns the path of a program, which is installed from its package if this process is root on Debian.
///
/// The outcome is a skip that says what to type where it cannot be installed, and a failure if `apt-get` fails.
pub fn program(name: &str, package: &str) -> Result<PathBuf, Outcome> {
    if let Some(path) = on_path(name) {
        return Ok(path);
    }
    install(name, package)?;
    on_path(name).ok_or_else(|| Outcome::Failed(format!("the package {package} has no `{name}`")))
}

/// Installs the package of the program `name`, as [`program`] does.
pub fn install(name: &str, package: &str) -> Result<(), Outcome> {
    if on_path("apt-get").is_none() {
        return Err(Outcome::Skipped(format!(
            "`{name}` is not installed, and there is no apt-get"
        )));
    }
    if !is_root() {
        return Err(Outcome::Skipped(format!(
            "`{name}` is not installed: sudo apt-get install {package}"
        )));
    }
    let install = || apt_get(&["install", package]);
    // A fresh machine has no package lists yet.
    let installed = install() || (apt_get(&["update"]) && install());
    if !installed {
        return Err(Outcome::Failed(format!("apt-get install {package} failed")));
    }
    Ok(())
}

/// Returns the path of a program, if it is installed.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Returns whether this process runs as root.
pub fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn apt_get(arguments: &[&str]) -> bool {
    let mut command = Command::new("apt-get");
    command
        .args(["--yes", "--quiet", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"])
        .args(arguments);
    let status = command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_on_the_path_is_found_and_nothing_is_installed() {
        let path = program("sh", "no-such-package").unwrap();
        assert!(path.is_absolute() && path.ends_with("sh"), "{}", path.display());
        assert_eq!(on_path("no-such-program-anywhere"), None);
    }
}
