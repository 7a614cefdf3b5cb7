//! Runs the command in a temporary folder with its own store.

#[cfg(unix)]
pub mod terminal;

use std::{
    ffi::OsStr,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

/// A temporary folder, with a local store in it.
pub struct Sandbox(TempDir);

/// The result of a run of the command.
#[derive(Debug)]
pub struct CliOutput {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Sandbox {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Returns the command with these arguments, in the folder. Its environment has only `PATH`, `HOME` and the place of
    /// the store.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_secrets"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("SECRETS_LOCAL_DIR", self.path().join("store"))
            .env("SECRETS_LOCAL_KEY_FILE", self.path().join("keys/key.jwk"))
            .stdin(Stdio::null());
        command
    }

    /// Returns [`command`](Self::command) as `env` starts it with this option about signals. A process that a shell has
    /// started in the background ignores some, and so would the command.
    #[cfg(target_os = "linux")]
    pub fn command_with_signals(&self, option: &str, arguments: &[&str]) -> Command {
        let secrets = self.command(arguments);
        let mut command = Command::new("env");
        command.arg(option).arg(secrets.get_program()).args(secrets.get_args());
        command.current_dir(self.path()).env_clear().stdin(Stdio::null());
        command.envs(secrets.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command
    }

    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> CliOutput {
        CliOutput::new(self.command(arguments).output().unwrap())
    }

    pub fn run_with_stdin<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        stdin: &[u8],
    ) -> CliOutput {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // The command may end before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        CliOutput::new(child.wait_with_output().unwrap())
    }

    /// Runs the command, which must succeed. Returns its standard output.
    pub fn ok<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> String {
        let result = self.run(arguments);
        assert_eq!(result.code, Some(0), "{result:?}");
        result.text()
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), text).unwrap();
    }
}

impl CliOutput {
    pub fn new(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    /// Asserts that the command failed with this exit code, wrote no data, and showed no value.
    #[track_caller]
    pub fn assert_fails(&self, code: i32) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.stdout.is_empty(), "{self:?}");
        assert!(!self.stderr.contains("SeNtInEl"), "a value is shown: {self:?}");
        assert!(!self.stderr.is_empty(), "there is no message");
    }

    /// Returns the kind of the error. Standard error must be one line of JSON.
    #[track_caller]
    pub fn json_kind(&self) -> String {
        assert_eq!(self.stderr.matches('\n').count(), 1, "{self:?}");
        let error: serde_json::Value = serde_json::from_str(&self.stderr).unwrap();
        let problems = error["error"]["problems"].as_array().unwrap();
        for problem in problems {
            for field in ["kind", "source", "message", "help"] {
                assert!(problem.get(field).is_some(), "{problem}");
            }
        }
        let kind = error["error"]["kind"].as_str().unwrap();
        assert_eq!(problems[0]["kind"], kind);
        kind.to_owned()
    }
}
