//! A folder with a store of its own, in which the command is run.

use std::{
    ffi::OsStr,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

/// A folder, and a store in it.
pub struct Bench(TempDir);

/// What a run of the command left.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Bench {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The command with these arguments, in the folder, with nothing of this process's environment but `PATH`.
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

    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    pub fn run_with_stdin<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        stdin: &[u8],
    ) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // It may end before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        Ran::of(child.wait_with_output().unwrap())
    }

    /// The same, which must succeed; gives its standard output.
    pub fn ok<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.text()
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), text).unwrap();
    }
}

impl Ran {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    /// That it failed with this exit code, wrote no data, and showed no value.
    #[track_caller]
    pub fn fails(&self, code: i32) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.stdout.is_empty(), "{self:?}");
        assert!(!self.stderr.contains("SeNtInEl"), "a value is shown: {self:?}");
        assert!(!self.stderr.is_empty(), "nothing is said");
    }

    /// The kind of the error, from the one line of JSON that must be on standard error.
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
