//! The files of steps: which users may read them, and which files a process leaves behind.

use std::{
    fs,
    io::{BufRead, BufReader, Read, stdin},
    os::unix::{fs::MetadataExt, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use secrets_runtime::{Error, ErrorKind, current_context, secrets, testing::with_secrets};
use tempfile::TempDir;

use crate::child::{cases, child};

pub const CASES: &[(&str, fn())] = cases![
    a_killed_process_is_swept_by_the_next,
    a_living_process_is_left_alone,
    many_processes_at_once_leave_nothing,
    the_runtime_dir_comes_first,
    a_runtime_dir_that_is_not_a_tmpfs_is_skipped,
    without_memory_the_setting_counts,
    a_child_can_open_it,
];

/// Cases that other cases start.
pub const HELPERS: &[(&str, fn())] =
    &[("hold", hold), ("hold_again_and_again", hold_again_and_again), ("say", say)];

#[secrets(sources = ["tls"])]
fn with_file<R>(body: impl FnOnce(PathBuf) -> R) -> Result<R, Error> {
    Ok(body(current_context().secrets.file("tls", "key.pem")?))
}

fn given() -> [(&'static str, &'static str, &'static str); 1] {
    [("tls", "key.pem", "SeNtInEl-key")]
}

/// Prints the path of a file, and keeps the file until the input ends.
#[allow(clippy::print_stdout, reason = "that is what it is for")]
fn hold() {
    let body = |path: PathBuf| {
        println!("{}", path.display());
        stdin().read_to_end(&mut Vec::new()).unwrap();
    };
    with_secrets(given(), || with_file(body)).unwrap();
}

fn hold_again_and_again() {
    for _ in 0..100 {
        let body = |path| assert_eq!(fs::read(path).unwrap(), b"SeNtInEl-key");
        with_secrets(given(), || with_file(body)).unwrap();
    }
}

/// Prints the path of the file, or the error.
#[allow(clippy::print_stdout, reason = "that is what it is for")]
fn say() {
    match with_secrets(given(), || with_file(|path| println!("{}", path.display()))) {
        Ok(()) => {}
        Err(error) => println!("{} {error}", error.kind()),
    }
}

/// A runtime folder in memory.
fn memory() -> TempDir {
    TempDir::with_prefix_in("processes-", "/dev/shm").unwrap()
}

fn helper(name: &str, runtime_dir: &Path) -> Command {
    let mut command = child(name);
    command.env("XDG_RUNTIME_DIR", runtime_dir).stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// A process that has a file, and the file.
fn holder(runtime_dir: &Path) -> (Child, PathBuf) {
    let mut child = helper("hold", runtime_dir).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let path = PathBuf::from(line.trim_end());
    assert_eq!(fs::read(&path).unwrap(), b"SeNtInEl-key");
    (child, path)
}

fn end(mut child: Child) {
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

fn entries(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

fn output(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn a_killed_process_is_swept_by_the_next() {
    let memory = memory();
    let (mut child, left) = holder(memory.path());
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    assert!(left.exists(), "a killed process removes nothing");
    // What is not ours stays, whatever its name.
    let others = memory.path().join("secrets-run");
    fs::create_dir(&others).unwrap();

    let (child, path) = holder(memory.path());
    assert!(!left.exists() && !left.parent().unwrap().exists());
    assert!(path.exists() && others.exists());
    end(child);
    assert_eq!(entries(memory.path()), 1);
}

fn a_living_process_is_left_alone() {
    let memory = memory();
    let (first, path) = holder(memory.path());
    let (second, other) = holder(memory.path());
    assert_ne!(path.parent(), other.parent(), "a folder of its own for each process");
    assert!(path.exists());
    end(second);
    assert!(path.exists() && !other.exists());
    end(first);
    assert_eq!(entries(memory.path()), 0, "the folders go with the last file");
}

fn many_processes_at_once_leave_nothing() {
    let memory = memory();
    let start = |_| helper("hold_again_and_again", memory.path()).spawn().unwrap();
    let children: Vec<_> = (0..8).map(start).collect();
    children.into_iter().for_each(end);
    assert_eq!(entries(memory.path()), 0);
}

fn the_runtime_dir_comes_first() {
    let memory = memory();
    let (child, path) = holder(memory.path());
    assert_eq!(path.parent().and_then(Path::parent), Some(memory.path()));
    let modes =
        [&path, path.parent().unwrap()].map(|path| fs::metadata(path).unwrap().mode() & 0o7777);
    assert_eq!(modes, [0o600, 0o700]);
    end(child);
}

fn a_runtime_dir_that_is_not_a_tmpfs_is_skipped() {
    // `/proc` is a file system, and not one of memory.
    let path = output(helper("say", Path::new("/proc")));
    assert!(path.starts_with("/dev/shm/secrets-run-"), "{path}");
    let path = output(helper("say", Path::new("relative")));
    assert!(path.starts_with("/dev/shm/secrets-run-"), "{path}");
}

/// In a mount namespace of its own, whose `/dev/shm` is not a tmpfs.
#[allow(clippy::print_stdout, reason = "a skip is said")]
fn without_memory_the_setting_counts() {
    let place = TempDir::new().unwrap();
    let unmounted = |setting: Option<&Path>| {
        let program = std::env::current_exe().unwrap();
        let script = "mount -t proc proc /dev/shm && exec \"$0\"";
        let command = helper("say", Path::new(""));
        let mut wrapped = Command::new("unshare");
        wrapped.args(["-m", "sh", "-c", script]).arg(program).envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))),
        );
        if let Some(path) = setting {
            wrapped.env("SECRETS_RUN_DIR", path);
        }
        wrapped.stdin(Stdio::null()).output().ok().filter(|output| output.status.success())
    };
    let Some(output) = unmounted(None) else {
        println!("skipped: a place without /dev/shm is not tried: no right to mount anything");
        return;
    };
    let output = String::from_utf8(output.stdout).unwrap();
    assert!(output.starts_with(ErrorKind::NotSupported.as_str()), "{output}");
    for part in
        ["tls/key.pem", "XDG_RUNTIME_DIR is not set", "/dev/shm is not a tmpfs", "SECRETS_RUN_DIR"]
    {
        assert!(output.contains(part), "{output}");
    }
    let output = unmounted(Some(place.path())).unwrap();
    assert!(
        Path::new(String::from_utf8(output.stdout).unwrap().trim_end()).starts_with(place.path())
    );
    let output = unmounted(Some(&place.path().join("none"))).unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    assert!(output.starts_with(ErrorKind::InvalidConfig.as_str()), "{output}");
    assert_eq!(entries(place.path()), 0);
}

fn a_child_can_open_it() {
    let memory = memory();
    let (child, path) = holder(memory.path());
    let read = Command::new("cat").arg(&path).output().unwrap();
    assert_eq!(read.stdout, b"SeNtInEl-key");
    end(child);
}
