//! Programs from npm's registry, from a lock with hashes.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::Stdio,
};

use crate::{command, report::Outcome, workspace::Workspace};

/// The files of an environment.
const FILES: [&str; 2] = ["package.json", "package-lock.json"];

/// Returns the folder of packages of the environment `name`, which is created if it is missing or its lock has changed.
///
/// It has the packages of `xtask/requirements/NAME/package-lock.json`, checked by hash, and is in
/// `target/xtask/npm-NAME`. No script of a package runs. The outcome is a skip if npm is not installed, and a failure if
/// it fails.
pub fn packages(workspace: &Workspace, name: &str) -> Result<PathBuf, Outcome> {
    let found = command::clean("npm").arg("--version").output();
    if !found.is_ok_and(|output| output.status.success()) {
        return Err(Outcome::Skipped("needs npm: apt-get install npm".to_owned()));
    }
    make(workspace, name).map_err(Outcome::Failed)
}

fn make(workspace: &Workspace, name: &str) -> Result<PathBuf, String> {
    let locks = workspace.root.join("xtask/requirements").join(name);
    let folder = workspace.scratch.join(format!("npm-{name}"));
    let packages = folder.join("node_modules");
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    // Of two runs at once, one creates the environment.
    let guard = workspace.scratch.join(format!("npm-{name}.lock"));
    let guard = File::create(&guard).map_err(|error| format!("{}: {error}", guard.display()))?;
    guard.lock().map_err(|error| error.to_string())?;

    // Written last: an environment without it is incomplete.
    let stamp = folder.join("made-from.json");
    let read = |file| fs::read_to_string(locks.join(file)).map_err(|error| error.to_string());
    let made_from = FILES.map(read).into_iter().collect::<Result<String, _>>()?;
    if fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == made_from) {
        return Ok(packages);
    }
    for file in FILES {
        fs::copy(locks.join(file), folder.join(file)).map_err(|error| error.to_string())?;
    }
    let mut npm = command::clean("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]);
    let status = npm.current_dir(&folder).stdin(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(format!("npm ended with {status}")),
        Err(error) => return Err(format!("npm: {error}")),
    }
    fs::write(&stamp, made_from).map_err(|error| format!("{}: {error}", stamp.display()))?;
    Ok(packages)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_lock_has_hashes_and_no_address() {
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("requirements/restate");
        let lock = fs::read_to_string(lock.join("package-lock.json")).unwrap();
        let packages = lock.matches("\"node_modules/").count();
        assert_eq!(lock.matches("\"integrity\": \"sha512-").count(), packages);
        assert!(packages > 1 && !lock.contains("\"resolved\"") && !lock.contains("http"));
    }
}
