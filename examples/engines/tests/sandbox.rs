//! A folder with secrets, and one for what an engine stores.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// The password of the step, which no engine may have.
pub const PASSWORD: &str = "SeNtInEl-password";

/// What the step returns, which the engine has. It shows that the search would find a password.
pub const USER: &str = "app-of-prod-db";

pub struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secrets/prod-db");
        fs::create_dir_all(&secret).unwrap();
        fs::write(secret.join("user"), USER).unwrap();
        fs::write(secret.join("password"), PASSWORD).unwrap();
        fs::create_dir(folder.path().join("engine")).unwrap();
        Self { folder }
    }

    /// The folder of the engine, in which everything is that it stores.
    pub fn engine(&self) -> PathBuf {
        self.folder.path().join("engine")
    }

    /// Returns a program that finds the secrets, and has nothing else in its environment. Secrets are in files, so that
    /// no engine has them because it starts a step.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("SECRETS_DEFAULT_BACKEND", "file")
            .env("SECRETS_FILE_DIR", self.folder.path().join("secrets"))
            .current_dir(self.engine())
            .stdin(Stdio::null());
        command
    }

    /// Runs a program, whose output is part of what the engine has. Returns standard output.
    pub fn run(&self, command: &mut Command) -> String {
        let Output { status, stdout, stderr } = command.output().unwrap();
        fs::write(self.engine().join("printed-stdout"), &stdout).unwrap();
        fs::write(self.engine().join("printed-stderr"), &stderr).unwrap();
        let text = String::from_utf8_lossy(&stdout).into_owned();
        assert!(status.success(), "{command:?}: {text}{}", String::from_utf8_lossy(&stderr));
        text
    }

    /// Starts a server, whose output is part of what the engine has.
    pub fn start(&self, command: &mut Command) -> Server {
        let name = Path::new(command.get_program()).file_name().unwrap().to_owned();
        let log = self.engine().join(name).with_extension("log");
        let file = fs::File::create(&log).unwrap();
        let child = command.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        Server { child, log }
    }

    /// The engine has what the step has returned, and not the secret with which it has connected.
    pub fn assert_has_no_secret(&self) {
        let stored = files(&self.engine());
        let has = |text: &str| {
            let found = stored.iter().find(|(_, bytes)| {
                bytes.windows(text.len()).any(|window| window == text.as_bytes())
            });
            found.map(|(path, _)| path)
        };
        assert!(has(USER).is_some(), "the engine has stored nothing");
        assert_eq!(has(PASSWORD), None, "the engine has the password");
    }
}

/// A server, which ends when this is dropped.
pub struct Server {
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Waits until `is_ready` returns something.
    pub fn wait_for<T>(&mut self, mut is_ready: impl FnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            if let Some(ready) = is_ready() {
                return ready;
            }
            let log = || fs::read_to_string(&self.log).unwrap();
            assert!(self.child.try_wait().unwrap().is_none(), "it has ended: {}", log());
            assert!(Instant::now() < deadline, "it is not ready: {}", log());
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The files below a folder, each with its bytes.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let found = entries.flat_map(|entry| match entry.file_type().unwrap() {
        kind if kind.is_dir() => files(&entry.path()),
        kind if kind.is_file() => vec![(entry.path(), fs::read(entry.path()).unwrap())],
        _ => Vec::new(),
    });
    found.collect()
}

/// Returns where a tool is, or says that the test is skipped.
#[allow(clippy::print_stderr, reason = "it says that a test is skipped")]
pub fn tool(variable: &str) -> Option<PathBuf> {
    let tool = env::var_os(variable).map(PathBuf::from);
    if tool.is_none() {
        eprintln!("skipped: {variable} is not set");
    }
    tool
}
