//! PostgreSQL, from Debian's package: a database of the run's own, on a free loopback port.

use std::{
    env, fs,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    command, debian,
    process_group::ProcessGroup,
    report::Outcome,
    server::{self, Server},
};

const NAME: &str = "postgres";
const USER: &str = "tester";
const DEADLINE: Duration = Duration::from_secs(60);

/// Creates a database, starts the server, and removes the folder when the server has ended, however it ends. The
/// signal that ends the group reaches the shell too, which ignores it to clean up.
const SCRIPT: &str = "
    trap : TERM
    cd \"$1\" &&
    \"$2/initdb\" -D data -U \"$4\" --auth=scram-sha-256 --pwfile=password --encoding=UTF8 --locale=C --no-sync &&
    \"$2/postgres\" -D data -p \"$3\" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off
    ended=$?
    cd / && rm -rf \"$1\"
    exit $ended
";

/// Starts it and waits until it takes connections. Returns the server and the URL of a database whose user may do
/// everything there.
///
/// The outcome is a skip where there is no PostgreSQL and it cannot be installed.
pub fn start(scratch: &Path) -> Result<(Server, String), Outcome> {
    let bin = programs()?;
    let account = account()?;
    start_as(&bin, account, scratch).map_err(Outcome::Failed)
}

#[cfg(unix)]
fn start_as(
    bin: &Path,
    account: Option<(u32, u32)>,
    scratch: &Path,
) -> Result<(Server, String), String> {
    use std::os::unix::{fs::DirBuilderExt as _, fs::chown, process::CommandExt as _};

    let text = |error: std::io::Error| error.to_string();
    fs::create_dir_all(scratch).map_err(text)?;
    let log = scratch.join(format!("{NAME}.log"));
    let output = File::create(&log).map_err(text)?;
    let (port, password) = (server::free_port().map_err(text)?, password().map_err(text)?);

    // Not in the scratch folder, which the account may not be permitted to enter.
    let folder = env::temp_dir().join(format!("xtask-{NAME}-{}-{port}", std::process::id()));
    fs::DirBuilder::new().mode(0o700).create(&folder).map_err(text)?;
    fs::write(folder.join("password"), &password).map_err(text)?;
    let mut command = command::clean("sh");
    command.args(["-c", SCRIPT, NAME]).arg(&folder).arg(bin).arg(port.to_string()).arg(USER);
    command.stdout(output.try_clone().map_err(text)?).stderr(output).env("LC_ALL", "C");
    if let Some((user, group)) = account {
        for path in [folder.join("password"), folder.clone()] {
            chown(path, Some(user), Some(group)).map_err(text)?;
        }
        command.uid(user).gid(group);
    }
    let mut server =
        Server::from_process(NAME, port, ProcessGroup::start(&mut command).map_err(text)?);
    let start = Instant::now();
    while !takes_connections(bin, port) {
        let why = match server.ended() {
            Some(why) => why,
            None if start.elapsed() > DEADLINE => format!("{NAME} was not ready in time"),
            None => {
                thread::sleep(Duration::from_millis(50));
                continue;
            }
        };
        return Err(format!("{why}; its log is {}", log.display()));
    }
    Ok((server, format!("postgres://{USER}:{password}@127.0.0.1:{port}/postgres")))
}

#[cfg(not(unix))]
fn start_as(_: &Path, _: Option<(u32, u32)>, _: &Path) -> Result<(Server, String), String> {
    Err("servers are started on Unix only".to_owned())
}

/// The folder of `initdb`, `postgres` and `pg_isready`. Debian does not put them on the path.
fn programs() -> Result<PathBuf, Outcome> {
    if let Some(folder) = installed() {
        return Ok(folder);
    }
    debian::install(NAME, "postgresql")?;
    installed().ok_or_else(|| Outcome::Failed("the package postgresql has no initdb".to_owned()))
}

fn installed() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    let path = env::var_os("PATH").unwrap_or_default();
    folders.extend(env::split_paths(&path));
    let complete = |folder: &PathBuf| {
        ["initdb", "postgres", "pg_isready"].iter().all(|name| folder.join(name).is_file())
    };
    folders.into_iter().find(complete)
}

/// The account to run PostgreSQL in where this is root, as which it refuses to run.
fn account() -> Result<Option<(u32, u32)>, Outcome> {
    if !debian::is_root() {
        return Ok(None);
    }
    let id = |flag| {
        let output = Command::new("id").args([flag, NAME]).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    match (id("-u"), id("-g")) {
        (Some(user), Some(group)) => Ok(Some((user, group))),
        _ => Err(Outcome::Skipped("there is no user `postgres` to run it as".to_owned())),
    }
}

fn takes_connections(bin: &Path, port: u16) -> bool {
    let mut command = Command::new(bin.join("pg_isready"));
    command.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]).stdin(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A random password, as the superuser of a database can do a lot.
fn password() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("SeNtInEl-{digits}"))
}
