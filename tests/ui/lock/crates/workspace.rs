//! A workspace below `target`, whose crates depend on the runtime.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

/// A workspace. All share one target folder, in which the dependencies are compiled once.
pub struct Workspace {
    root: PathBuf,
    _only: MutexGuard<'static, ()>,
}

/// Cargo would wait too, but a crate of another test would be compiled for its own file.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// What a build did.
pub struct Build {
    pub is_ok: bool,
    /// The crates of the workspace that were compiled.
    pub compiled: BTreeSet<String>,
    /// The messages of the compiler, as a person sees them.
    pub errors: Vec<String>,
}

impl Workspace {
    /// Creates a workspace with these crates, each with its `main.rs`.
    pub fn new(name: &str, crates: &[(&str, &str)]) -> Self {
        let only = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let root = folder().join(name);
        let _ = fs::remove_dir_all(&root);
        let workspace = Self { root, _only: only };
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let names: Vec<String> = crates.iter().map(|(name, _)| format!("{name:?}")).collect();
        workspace.write(
            "Cargo.toml",
            format!("[workspace]\nresolver = \"3\"\nmembers = [{}]\n", names.join(", ")),
        );
        for (name, text) in crates {
            let runtime = project.join("secrets-runtime");
            let manifest = format!(
                "[package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nsecrets-runtime = {{ path = {runtime:?} }}\n"
            );
            workspace.write(&format!("{name}/Cargo.toml"), &manifest);
            workspace.write(&format!("{name}/src/main.rs"), text);
        }
        // The versions that this test was built with are on this machine.
        fs::copy(project.join("Cargo.lock"), workspace.path("Cargo.lock")).unwrap();
        workspace
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Builds all crates, with `SECRETS_LOCK` if it is set.
    pub fn build(&self, setting: Option<&str>) -> Build {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command
            .args(["build", "--workspace", "--offline", "--keep-going"])
            .args(["--message-format", "json", "--target-dir"])
            .arg(self.target())
            .current_dir(&self.root)
            .env_remove("SECRETS_LOCK")
            .env_remove("CARGO_TARGET_DIR");
        if let Some(setting) = setting {
            command.env("SECRETS_LOCK", setting);
        }
        Build::of(&command.output().unwrap())
    }

    /// Returns the program of a crate.
    pub fn program(&self, name: &str) -> PathBuf {
        self.target().join("debug").join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }

    fn target(&self) -> PathBuf {
        folder().join("target")
    }
}

fn folder() -> PathBuf {
    // Below the folder in which Cargo has put this test.
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("lock")
}

impl Build {
    fn of(output: &Output) -> Self {
        let text = String::from_utf8_lossy(&output.stdout);
        let mut build =
            Self { is_ok: output.status.success(), compiled: BTreeSet::new(), errors: Vec::new() };
        for line in text.lines() {
            let message: Value = serde_json::from_str(line).unwrap();
            match message["reason"].as_str() {
                Some("compiler-artifact") if message["fresh"] == false => {
                    let name = message["target"]["name"].as_str().unwrap();
                    build.compiled.insert(name.to_owned());
                }
                Some("compiler-message") if message["message"]["level"] == "error" => {
                    let text = message["message"]["message"].as_str().unwrap();
                    if !text.starts_with("aborting due to") {
                        build.errors.push(text.to_owned());
                    }
                }
                _ => {}
            }
        }
        assert!(build.is_ok || !build.errors.is_empty(), "{output:?}");
        build
    }

    /// Asserts that the build succeeded and compiled these crates, and no others.
    #[track_caller]
    pub fn assert_compiled(&self, crates: &[&str]) {
        assert!(self.is_ok, "{:?}", self.errors);
        let compiled: Vec<&str> = self.compiled.iter().map(String::as_str).collect();
        assert_eq!(compiled, crates);
    }
}
