//! Where a group of measurements finds what it needs, and in what surroundings it runs.

use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The Python with Metaflow and boto3; `cargo xtask bench` makes it.
const PYTHON: &str = "BENCH_PYTHON";
/// The address of the server, in the AWS SDKs' own words.
const ENDPOINT: &str = "AWS_ENDPOINT_URL";

/// Whatever starts with these decides what is measured, and comes from here alone.
const CLEARED: [&str; 9] = [
    "AWS_",
    "CARGO_BUILD_",
    "CARGO_ENCODED_",
    "CARGO_INCREMENTAL",
    "CARGO_PROFILE_",
    "CARGO_TARGET_",
    "METAFLOW_",
    "RUSTFLAGS",
    "SECRETS_",
];

/// What a group needs.
#[derive(Debug)]
pub struct Setup {
    /// The project.
    pub root: PathBuf,
    /// Where the programs are that are measured from outside.
    pub programs: PathBuf,
    /// For files that are made for a measurement.
    pub scratch: PathBuf,
    pub python: Option<PathBuf>,
    /// The server's address.
    pub url: String,
}

impl Setup {
    /// That of a process which [`command`](Self::command) has started.
    pub fn read(url: Option<String>) -> Result<Self, String> {
        let own = env::current_exe().map_err(|error| format!("this program: {error}"))?;
        let programs = own.parent().ok_or("this program is in no folder")?.to_owned();
        let target = programs.parent().ok_or("this program is in no target folder")?;
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("there is no project")?;
        let scratch = target.join("scratch");
        fs::create_dir_all(&scratch).map_err(|error| format!("{}: {error}", scratch.display()))?;
        let url = url.or_else(|| env::var(ENDPOINT).ok()).ok_or("there is no server")?;
        Ok(Self {
            root: root.to_owned(),
            scratch,
            python: env::var_os(PYTHON).map(PathBuf::from),
            url,
            programs,
        })
    }

    /// A program of ours, by its name.
    pub fn program(&self, name: &str) -> Result<PathBuf, String> {
        let path = self.programs.join(format!("{name}{}", env::consts::EXE_SUFFIX));
        if path.is_file() {
            return Ok(path);
        }
        Err(format!("{} is not built; `cargo xtask bench` builds it", path.display()))
    }

    /// The cargo that has built this program, or that of the shell.
    pub fn cargo(&self) -> Command {
        self.command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// A command that finds the server as the AWS of this machine, has nothing else of the user's settings, and a
    /// store of its own.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        for (name, _) in env::vars_os() {
            let hidden = |name: &str| CLEARED.iter().any(|prefix| name.starts_with(prefix));
            if name.to_str().is_some_and(hidden) {
                command.env_remove(name);
            }
        }
        let nowhere = self.scratch.join("nothing");
        let fixed = [
            (ENDPOINT, self.url.as_str()),
            ("AWS_ACCESS_KEY_ID", "CALLER"),
            ("AWS_SECRET_ACCESS_KEY", "SeNtInEl-key"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        command.envs(fixed);
        command.env("AWS_CONFIG_FILE", &nowhere).env("AWS_SHARED_CREDENTIALS_FILE", &nowhere);
        command.current_dir(&self.scratch);
        command
    }
}
