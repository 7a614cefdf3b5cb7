//! PostgreSQL and MariaDB, from Debian's packages: databases of the run's own, on free loopback ports.

use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use crate::{
    command,
    process_group::ProcessGroup,
    report::Outcome,
    services::{
        debian,
        server::{self, Server},
    },
};

/// The user who may do everything in the database.
const USER: &str = "tester";
const DEADLINE: Duration = Duration::from_secs(180);

/// Runs `$4`, which creates a database and starts the server, and removes the folder when the server has ended, however
/// it ends. The signal that ends the group reaches the shell too, which ignores it to clean up.
const SCRIPT: &str = "
    trap : TERM
    folder=$1 port=$2 user=$3
    cd \"$folder\" && eval \"$4\"
    ended=$?
    cd / && rm -rf \"$folder\"
    exit $ended
";

/// How one kind of database is installed and started.
#[derive(Debug)]
pub struct Database {
    pub name: &'static str,
    /// Debian's package.
    pub package: &'static str,
    /// The account that the package creates. The server refuses to run as root.
    pub account: &'static str,
    /// Its programs. All of them have to be there.
    pub programs: &'static [&'static str],
    /// Folders of its programs that Debian does not put on every path.
    pub folders: fn() -> Vec<PathBuf>,
    /// A command of the shell that creates the database in the present folder and runs the server in the foreground. It
    /// has `$folder`, `$port` and `$user`. The password is in the file `password`.
    pub run: &'static str,
    /// A command of the shell that succeeds when the server takes connections on the port `$1`.
    pub is_ready: &'static str,
    /// The scheme of its URL, and the name of its database.
    pub scheme: &'static str,
    pub database: &'static str,
}

/// PostgreSQL, whose URL names the database `postgres`.
pub static POSTGRES: Database = Database {
    name: "postgres",
    package: "postgresql",
    account: "postgres",
    programs: &["initdb", "postgres", "pg_isready"],
    folders: postgres_folders,
    run: "initdb -D data -U \"$user\" --auth=scram-sha-256 --pwfile=password --encoding=UTF8 --locale=C --no-sync &&
        postgres -D data -p \"$port\" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off",
    is_ready: "pg_isready -q -h 127.0.0.1 -p \"$1\"",
    scheme: "postgres",
    database: "postgres",
};

/// Debian has a folder for each version.
fn postgres_folders() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders
}

/// MariaDB, whose URL names the empty database `app`. The users that `mariadb-install-db` creates connect only through
/// the server's socket.
pub static MARIADB: Database = Database {
    name: "mariadb",
    package: "mariadb-server",
    account: "mysql",
    programs: &["mariadb-install-db", "mariadbd", "mariadb-admin"],
    folders: || vec!["/usr/sbin".into()],
    run: "mariadb-install-db --no-defaults --datadir=\"$folder/data\" --skip-test-db \
            --auth-root-authentication-method=socket &&
        printf '%s\\n' \"CREATE DATABASE app;\" \
            \"CREATE USER $user@'127.0.0.1' IDENTIFIED BY '$(cat password)';\" \
            \"GRANT ALL ON *.* TO $user@'127.0.0.1' WITH GRANT OPTION;\" > start.sql &&
        mariadbd --no-defaults --datadir=\"$folder/data\" --socket=\"$folder/socket\" --pid-file=\"$folder/pid\" \
            --port=\"$port\" --bind-address=127.0.0.1 --skip-name-resolve --init-file=\"$folder/start.sql\" \
            --innodb-flush-log-at-trx-commit=0",
    // It also succeeds if the server refuses to let it in without a password.
    is_ready: "mariadb-admin --no-defaults --host=127.0.0.1 --port=\"$1\" --connect-timeout=1 ping",
    scheme: "mysql",
    database: "app",
};

impl Database {
    /// Starts the database and waits until it takes connections. Returns the server and the URL of a database whose user may do
    /// everything there.
    ///
    /// The outcome is a skip where its programs are missing and cannot be installed.
    pub fn start(&self, scratch: &Path) -> Result<(Server, String), Outcome> {
        let path = self.path()?;
        let account = self.account()?;
        self.start_as(account, &path, scratch).map_err(Outcome::Failed)
    }

    #[cfg(unix)]
    fn start_as(
        &self,
        account: Option<(u32, u32)>,
        path: &OsString,
        scratch: &Path,
    ) -> Result<(Server, String), String> {
        use std::os::unix::{fs::DirBuilderExt as _, fs::chown, process::CommandExt as _};

        let text = |error: std::io::Error| error.to_string();
        let (name, scheme, database) = (self.name, self.scheme, self.database);
        fs::create_dir_all(scratch).map_err(text)?;
        let log = scratch.join(format!("{name}.log"));
        let output = File::create(&log).map_err(text)?;
        let (port, password) = (server::free_port().map_err(text)?, password().map_err(text)?);

        // Not in the scratch folder, which the account may not be permitted to enter.
        let folder = env::temp_dir().join(format!("xtask-{name}-{}-{port}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&folder).map_err(text)?;
        fs::write(folder.join("password"), &password).map_err(text)?;
        let mut command = command::clean("sh");
        command.args(["-c", SCRIPT, name]).arg(&folder).args([&port.to_string(), USER, self.run]);
        command.stdout(output.try_clone().map_err(text)?).stderr(output);
        command.env("LC_ALL", "C").env("PATH", path);
        if let Some((user, group)) = account {
            for path in [folder.join("password"), folder.clone()] {
                chown(path, Some(user), Some(group)).map_err(text)?;
            }
            command.uid(user).gid(group);
        }
        let mut server =
            Server::from_process(name, port, ProcessGroup::start(&mut command).map_err(text)?);
        let ready = server.wait_until(DEADLINE, || self.takes_connections(path, port));
        ready.map_err(|why| format!("{why}; its log is {}", log.display()))?;
        Ok((server, format!("{scheme}://{USER}:{password}@127.0.0.1:{port}/{database}")))
    }

    #[cfg(not(unix))]
    fn start_as(
        &self,
        _: Option<(u32, u32)>,
        _: &OsString,
        _: &Path,
    ) -> Result<(Server, String), String> {
        Err("servers are started on Unix only".to_owned())
    }

    /// Installs its programs if they are missing. [`start`](Self::start) reports errors of the installation.
    pub fn install(&self) {
        let _ = self.path();
    }

    /// Returns the path with its programs, which are installed if they are missing.
    fn path(&self) -> Result<OsString, Outcome> {
        if let Some(path) = self.installed() {
            return Ok(path);
        }
        debian::install(self.name, self.package)?;
        self.installed().ok_or_else(|| {
            let programs = self.programs.join(", ");
            Outcome::Failed(format!("the package {} does not have all of {programs}", self.package))
        })
    }

    fn installed(&self) -> Option<OsString> {
        let path = env::var_os("PATH").unwrap_or_default();
        let folders: Vec<_> = (self.folders)().into_iter().chain(env::split_paths(&path)).collect();
        let is_there = |program| folders.iter().any(|folder| folder.join(program).is_file());
        if self.programs.iter().all(is_there) { env::join_paths(folders).ok() } else { None }
    }

    /// Returns the account in which it runs if this process is root.
    fn account(&self) -> Result<Option<(u32, u32)>, Outcome> {
        if !debian::is_root() {
            return Ok(None);
        }
        let id = |flag| {
            let output = Command::new("id").args([flag, self.account]).output().ok()?;
            String::from_utf8(output.stdout).ok()?.trim().parse().ok()
        };
        match (id("-u"), id("-g")) {
            (Some(user), Some(group)) => Ok(Some((user, group))),
            _ => Err(Outcome::Skipped(format!("there is no user `{}` to run it as", self.account))),
        }
    }

    fn takes_connections(&self, path: &OsString, port: u16) -> bool {
        let mut command = Command::new("sh");
        command.args(["-c", self.is_ready, self.name, &port.to_string()]).env("PATH", path);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }
}

/// Returns a random password, since the superuser of a database may run programs.
fn password() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("SeNtInEl-{digits}"))
}
