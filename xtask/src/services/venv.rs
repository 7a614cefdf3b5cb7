//! Virtual environments of Python, from hash-locked requirements.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{command, report::Outcome, workspace::Workspace};

/// Prints the version if this Python is new enough for the locks and can make an environment.
const PROBE: &str =
    "import sys, venv, ensurepip; assert sys.version_info >= (3, 11); print(sys.version)";

/// Returns the Python of the environment `name`, which is created if it is missing or its lock or Python has changed.
///
/// It has the packages of `xtask/requirements/NAME.txt`, checked by hash, and is in `target/xtask/venv-NAME`.
/// The outcome is a skip if there is no suitable Python, and a failure if pip fails.
pub fn python(workspace: &Workspace, name: &str) -> Result<PathBuf, Outcome> {
    let version = probe()?;
    make(workspace, name, &version).map_err(Outcome::Failed)
}

fn probe() -> Result<String, Outcome> {
    let output = command::clean("python3").args(["-c", PROBE]).output();
    match output {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        _ => Err(Outcome::Skipped(
            "needs Python 3.11 or later with venv: apt-get install python3 python3-venv".to_owned(),
        )),
    }
}

fn make(workspace: &Workspace, name: &str, version: &str) -> Result<PathBuf, String> {
    let lock = workspace.root.join("xtask/requirements").join(format!("{name}.txt"));
    let text = fs::read_to_string(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    let folder = workspace.scratch.join(format!("venv-{name}"));
    let python = folder.join("bin/python");

    // Of two runs at once, one creates the environment.
    fs::create_dir_all(&workspace.scratch).map_err(|error| error.to_string())?;
    let guard = workspace.scratch.join(format!("venv-{name}.lock"));
    let guard = File::create(&guard).map_err(|error| format!("{}: {error}", guard.display()))?;
    guard.lock().map_err(|error| error.to_string())?;

    // Written last: an environment without it is incomplete.
    let stamp = folder.join("made-from.txt");
    let made_from = format!("{}\n{version}{text}", folder.display());
    if fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == made_from) {
        return Ok(python);
    }
    run(command::clean("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    install(&python, &lock)?;
    fs::write(&stamp, made_from).map_err(|error| format!("{}: {error}", stamp.display()))?;
    Ok(python)
}

/// Installs wheels only, so that no code of a package runs during the installation.
fn install(python: &Path, lock: &Path) -> Result<(), String> {
    let options =
        ["--require-hashes", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check"];
    let mut command = command::clean(python);
    run(command.args(["-m", "pip", "install", "--quiet"]).args(options).arg("-r").arg(lock))
}

fn run(command: &mut Command) -> Result<(), String> {
    let status = command.stdin(Stdio::null()).status();
    let program = command.get_program().to_string_lossy();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{program} ended with {status}")),
        Err(error) => Err(format!("{program}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the lines of a lock that are neither a pinned version, a hash nor a comment.
    fn flaws(lock: &str) -> Vec<&str> {
        let pinned = |line: &str| {
            let (name, version) = line.strip_suffix(" \\").unwrap_or(line).split_once("==")?;
            let plain =
                |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
            (plain(name) && plain(version)).then_some(())
        };
        let hash = |line: &str| {
            let line = line.strip_prefix("    --hash=sha256:")?;
            let hash = line.strip_suffix(" \\").unwrap_or(line);
            (hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit())).then_some(())
        };
        let fine = |line: &&str| line.starts_with('#') || pinned(line).or(hash(line)).is_some();
        lock.lines().filter(|line| !fine(line)).collect()
    }

    #[test]
    fn a_lock_has_pinned_versions_and_hashes_only() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("requirements");
        let mut locks = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "txt") {
                let text = fs::read_to_string(&path).unwrap();
                assert_eq!(flaws(&text), [""; 0], "{}", path.display());
                assert!(text.contains("--hash=sha256:"), "{}", path.display());
                locks += 1;
            }
        }
        assert!(locks >= 2);
    }

    #[test]
    fn an_address_a_local_file_and_a_loose_version_are_flaws() {
        for line in [
            concat!("--index", "-url https://example.com/simple"),
            "--extra-index-url=https://example.com/simple",
            concat!("--find", "-links wheels"),
            "x @ file:///wheels/x.whl",
            "./wheels/x.whl",
            "-r other.txt",
            "x>=1",
            "x",
            "    --hash=md5:00",
        ] {
            assert_eq!(flaws(line), [line]);
        }
    }
}
