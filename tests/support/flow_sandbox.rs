//! A folder in which the program runs, with an environment of its own.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// Secrets of the steps, in variables. Each value contains `SeNtInEl`.
const SECRETS: [(&str, &str); 3] =
    [("T_PASSWORD", "SeNtInEl-password"), ("W_KEY", "SeNtInEl-key"), ("R_USER", "SeNtInEl-user")];

/// Where the sources of the steps are.
const SOURCES: &str = r#"{"prod-db":{"type":"env","id":"T_*"},"warehouse":{"type":"env","id":"W_*"},"report-db":{"type":"env","id":"R_*"}}"#;

/// What is attached at launch.
pub const WITH: [&str; 2] = ["--with", r#"secrets:sources=["report-db"]"#];

/// The program of a flow, in a folder of its own.
pub struct FlowSandbox {
    folder: TempDir,
    program: PathBuf,
}

/// What the program has printed, and its exit code.
#[derive(Debug)]
pub struct FlowOutput {
    /// The exit code, if no signal has ended it.
    pub code: Option<i32>,
    /// What is on standard output.
    pub stdout: String,
    /// What is on standard error.
    pub stderr: String,
}

#[allow(clippy::new_without_default, reason = "it creates a folder")]
impl FlowSandbox {
    /// Creates a folder.
    ///
    /// # Panics
    ///
    /// If it cannot be created, or the path of the running test is unknown.
    pub fn new() -> Self {
        // Cargo puts a test into `deps`, and the programs of its package beside that folder.
        let test = std::env::current_exe().unwrap();
        let program = test.parent().unwrap().with_file_name("dbflow");
        Self { folder: tempfile::tempdir().unwrap(), program }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the program with one of its flows, without secrets. Its environment has only `PATH` and `HOME`.
    pub fn bare(&self, flow: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("TEST_FLOW", flow)
            .stdin(Stdio::null());
        command
    }

    /// Returns the program with one of its flows, whose secrets are in variables.
    pub fn command(&self, flow: &str, arguments: &[&str]) -> Command {
        let mut command = self.bare(flow, arguments);
        command.envs(SECRETS).env("SECRETS_SOURCES", SOURCES);
        command
    }

    /// Runs the program as [`command`](Self::command) has it.
    pub fn run(&self, flow: &str, arguments: &[&str]) -> FlowOutput {
        FlowOutput::of(&mut self.command(flow, arguments))
    }

    /// Writes a file into the folder.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    /// Writes a program into the folder `bin`, and returns a `PATH` that has it first.
    pub fn program(&self, name: &str, script: &str) -> String {
        let folder = self.path().join("bin");
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(name);
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        format!("{}:/usr/bin:/bin", folder.display())
    }
}

impl FlowOutput {
    /// Runs a program, which must not print a value.
    ///
    /// # Panics
    ///
    /// If it cannot be run, or prints a value.
    pub fn of(command: &mut Command) -> Self {
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let output = Self { code: status.code(), stdout: text(stdout), stderr: text(stderr) };
        for printed in [&output.stdout, &output.stderr] {
            assert!(!printed.contains("SeNtInEl"), "{output:?}");
        }
        output
    }

    /// Returns what was printed by a command that succeeds.
    pub fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }

    /// Returns the JSON that was printed.
    ///
    /// # Panics
    ///
    /// If the program has failed, or has printed something else.
    pub fn json(self) -> Value {
        serde_json::from_str(&self.ok()).unwrap()
    }

    /// Returns what was printed about a failure with this exit code.
    pub fn failed(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self:?}");
        self.stderr
    }
}
