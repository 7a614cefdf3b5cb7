//! The audit log of processes: of steps as programs have them, and of many that append at one moment.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use secrets_runtime::{
    Error, ErrorKind, SecretValue, current_context, get_secret_blocking, secrets, testing,
};
use secrets_tests::fake_backend::FakeBackend;
use serde_json::Value;
use tempfile::TempDir;

use crate::child::{cases, child};

pub const CASES: &[(&str, fn())] = cases![
    every_call_of_a_step_is_recorded,
    a_call_of_a_cached_step_is_recorded_as_any_other,
    a_run_after_a_refresh_is_part_of_its_call,
    a_step_that_cannot_be_recorded_fails_at_any_call,
    a_log_that_cannot_be_written_is_warned_of_once,
    processes_that_append_at_one_moment_lose_no_line,
    a_rotation_while_processes_append_loses_no_line,
    a_full_log_has_whole_lines,
    the_secrets_of_a_test_are_marked,
    secrets_toml_decides_nothing_about_the_log,
    a_log_has_to_be_there_if_it_is_required,
];

/// Cases that other cases start.
pub const HELPERS: &[(&str, fn())] = &[
    ("call_steps", call_steps),
    ("call_with_refresh", call_with_refresh),
    ("fail_at_a_later_call", fail_at_a_later_call),
    ("call_and_warn", call_and_warn),
    ("append", append),
    ("fill", fill),
    ("call_in_a_test", call_in_a_test),
    ("be_refused", be_refused),
];

/// How many processes append, and how often each calls a step. A call has two lines.
const PROCESSES: usize = 50;
const CALLS: usize = 40;

#[secrets(sources = ["env.AUDITED"])]
fn sync_step() -> Result<(), Error> {
    current_context().secrets.get("AUDITED", "AUDITED").map(drop)
}

#[secrets(sources = ["env.AUDITED"])]
async fn async_step() -> Result<(), Error> {
    tokio::task::yield_now().await;
    current_context().secrets.get("AUDITED", "AUDITED").map(drop)
}

#[secrets(sources = ["env.PATH"])]
fn typed_step(#[secret("env.AUDITED")] audited: SecretValue) -> Result<usize, Error> {
    Ok(audited.expose_bytes().len())
}

#[secrets(sources = ["env.AUDITED"], export = "process", allow_override = true)]
fn exporting_step() -> Result<(), Error> {
    Ok(())
}

fn is_outdated(error: &Error) -> bool {
    error.kind() == ErrorKind::AccessDenied
}

#[secrets(sources = ["file.password"], refresh_on = is_outdated)]
fn refreshing_step() -> Result<(), Error> {
    let password = current_context().secrets.get("password", "password")?;
    let folder = PathBuf::from(env::var_os("SECRETS_FILE_DIR").unwrap());
    if password.expose_str()? == "SeNtInEl-old" {
        fs::write(folder.join("password"), "SeNtInEl-new").unwrap();
        return Err(Error::new(ErrorKind::AccessDenied, "the test refuses the old password"));
    }
    Ok(())
}

/// A folder with a log, and this program started again with it.
struct Audited {
    folder: TempDir,
}

impl Audited {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, helper: &str) -> Command {
        let mut command = child(helper);
        command.env("SECRETS_AUDIT", self.path("audit.log")).env("AUDITED", "SeNtInEl");
        command.current_dir(self.folder.path());
        command
    }

    fn run(&self, helper: &str) {
        assert!(self.command(helper).status().unwrap().success(), "{helper}");
    }

    fn lines(&self) -> Vec<Value> {
        lines(&self.path("audit.log"))
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    assert!(!text.contains("SeNtInEl") && (text.is_empty() || text.ends_with('\n')), "{text}");
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn field<'a>(line: &'a Value, name: &str) -> &'a str {
    line[name].as_str().unwrap_or_default()
}

fn every_call_of_a_step_is_recorded() {
    let audited = Audited::new();
    audited.run("call_steps");
    let lines = audited.lines();
    let mode = fs::metadata(audited.path("audit.log")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(lines.iter().all(|line| field(line, "program").starts_with("process")));
    let mut calls: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for line in &lines {
        let what = match field(line, "event") {
            "resolved" => field(line, "source"),
            _ => field(line, "key"),
        };
        let text = format!("{} {} {what}", field(line, "step"), field(line, "event"));
        calls.entry(line["call"].as_u64().unwrap()).or_default().push(text);
    }
    let call = |step: &str| {
        ["resolved env.AUDITED", "read AUDITED"].map(|event| format!("{step} {event}")).to_vec()
    };
    let mut typed = call("typed_step");
    typed.insert(0, "typed_step resolved env.PATH".to_owned());
    let expected = [
        call("sync_step"),
        call("sync_step"),
        call("async_step"),
        call("async_step"),
        typed,
        call("exporting_step"),
        call(""),
    ];
    assert_eq!(calls.into_values().collect::<Vec<_>>(), expected);
}

fn call_steps() {
    sync_step().unwrap();
    sync_step().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async_step()).unwrap();
    runtime.block_on(async_step()).unwrap();
    drop(runtime);
    assert_eq!(typed_step().unwrap(), 8);
    exporting_step().unwrap();
    get_secret_blocking("env.AUDITED").unwrap().get("AUDITED", "AUDITED").unwrap();
}

/// A cached step takes a shorter way where there is no log.
fn a_call_of_a_cached_step_is_recorded_as_any_other() {
    let audited = Audited::new();
    let (log, backend) = (audited.path("audit.log"), FakeBackend::new("SeNtInEl"));
    let builder = backend.builder().audit_file(&log).audit_required(true);
    builder.build().unwrap().install().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for _ in 0..3 {
        cached_step().unwrap();
        runtime.block_on(async_cached_step()).unwrap();
    }
    assert_eq!(backend.calls(), 1);
    let lines = audited.lines();
    let events = lines.iter().map(|line| (field(line, "event"), field(line, "origin")));
    let call = |origin| [("resolved", origin), ("read", "")];
    let expected = ["backend", "cache", "cache", "cache", "cache", "cache"].map(call);
    assert_eq!(events.collect::<Vec<_>>(), expected.concat());
    let calls: BTreeSet<_> = lines.iter().map(|line| line["call"].as_u64().unwrap()).collect();
    assert_eq!(calls.len(), 6);

    fs::remove_file(&log).unwrap();
    fs::create_dir(&log).unwrap();
    for error in [cached_step().unwrap_err(), runtime.block_on(async_cached_step()).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    }
}

#[secrets(sources = ["db"])]
fn cached_step() -> Result<(), Error> {
    current_context().secrets.get("db", "db").map(drop)
}

#[secrets(sources = ["db"])]
async fn async_cached_step() -> Result<(), Error> {
    current_context().secrets.get("db", "db").map(drop)
}

fn a_run_after_a_refresh_is_part_of_its_call() {
    let audited = Audited::new();
    fs::write(audited.path("password"), "SeNtInEl-old").unwrap();
    let mut command = audited.command("call_with_refresh");
    command.env("SECRETS_FILE_DIR", audited.folder.path());
    assert!(command.status().unwrap().success());
    let lines = audited.lines();
    let events: Vec<_> = lines.iter().map(|line| field(line, "event")).collect();
    assert_eq!(events, ["resolved", "read", "refreshed"], "the field was read in this call before");
    assert!(lines.iter().all(|line| line["call"] == lines[0]["call"]));
}

fn call_with_refresh() {
    refreshing_step().unwrap();
}

fn a_step_that_cannot_be_recorded_fails_at_any_call() {
    let audited = Audited::new();
    let mut command = audited.command("fail_at_a_later_call");
    assert!(command.env("SECRETS_AUDIT_REQUIRED", "1").status().unwrap().success());
}

fn fail_at_a_later_call() {
    let log = PathBuf::from(env::var_os("SECRETS_AUDIT").unwrap());
    sync_step().unwrap();
    sync_step().unwrap();
    fs::remove_file(&log).unwrap();
    fs::create_dir(&log).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for error in [
        sync_step().unwrap_err(),
        runtime.block_on(async_step()).unwrap_err(),
        typed_step().unwrap_err(),
        get_secret_blocking("env.AUDITED").unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidConfig);
        assert_eq!(error.problems().len(), 1, "{error}");
        assert_eq!(error.problems()[0].origin(), "SECRETS_AUDIT");
    }
    fs::remove_dir(&log).unwrap();
    sync_step().unwrap();
    assert_eq!(lines(&log).len(), 2);
}

fn a_log_that_cannot_be_written_is_warned_of_once() {
    let audited = Audited::new();
    fs::create_dir(audited.path("audit.log")).unwrap();
    let output = audited.command("call_and_warn").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    // With the feature `tracing`, which another package of a build may switch on, it is an event.
    let warnings = said.matches("the use of secrets is not recorded").count();
    assert!(warnings <= 1 && !said.contains("SeNtInEl"), "{said}");
    assert!(warnings == 0 || said.contains("audit.log is not a regular file"), "{said}");
}

fn call_and_warn() {
    for _ in 0..3 {
        sync_step().unwrap();
    }
}

fn append() {
    for _ in 0..CALLS {
        sync_step().unwrap();
    }
}

/// Starts the processes that append, waits until `rotate` has returned and all have ended.
fn append_together(audited: &Audited, processes: usize, rotate: impl FnOnce()) {
    let start = || {
        let mut command = audited.command("append");
        command.env("SECRETS_AUDIT_REQUIRED", "1").stdout(Stdio::null()).spawn().unwrap()
    };
    let children: Vec<_> = (0..processes).map(|_| start()).collect();
    rotate();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
}

/// Asserts that each process has each of its lines once, in its order.
fn assert_complete(lines: &[Value], processes: usize) {
    let mut by_process: BTreeMap<u64, Vec<(u64, &str)>> = BTreeMap::new();
    for line in lines {
        let event = (line["call"].as_u64().unwrap(), field(line, "event"));
        by_process.entry(line["pid"].as_u64().unwrap()).or_default().push(event);
    }
    assert_eq!(by_process.len(), processes);
    let calls = 1..=CALLS as u64;
    let expected: Vec<_> = calls.flat_map(|call| [(call, "resolved"), (call, "read")]).collect();
    assert!(by_process.into_values().all(|events| events == expected));
}

fn processes_that_append_at_one_moment_lose_no_line() {
    let audited = Audited::new();
    append_together(&audited, PROCESSES, || {});
    assert_complete(&audited.lines(), PROCESSES);
}

fn a_rotation_while_processes_append_loses_no_line() {
    let audited = Audited::new();
    let log = audited.path("audit.log");
    let mut rotated = Vec::new();
    append_together(&audited, 8, || {
        while rotated.len() < 5 {
            let name = audited.path(&format!("audit.log.{}", rotated.len()));
            if fs::rename(&log, &name).is_ok() {
                rotated.push(name);
            } else {
                std::thread::yield_now();
            }
        }
    });
    // A process may have had no line to write since the last rotation.
    rotated.extend(log.exists().then_some(log));
    let lines: Vec<_> = rotated.iter().flat_map(|path| lines(path)).collect();
    assert_complete(&lines, 8);
}

/// The limit of a file's size takes the part of a write that fits, as a full disk does.
fn a_full_log_has_whole_lines() {
    let audited = Audited::new();
    let program = audited.command("fill");
    let script = "trap '' XFSZ; ulimit -f 2; exec \"$0\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(program.get_program());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let output = shell.env("SECRETS_AUDIT_REQUIRED", "1").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let length = fs::metadata(audited.path("audit.log")).unwrap().len();
    let lines = audited.lines();
    assert!(lines.len() > 2 && length > 500, "{length}");
}

fn fill() {
    let mut calls = 0;
    let error = loop {
        match sync_step() {
            Ok(()) => calls += 1,
            Err(error) => break error,
        }
        assert!(calls < 1000, "the log never fills");
    };
    assert!(error.to_string().contains("cannot be written: File too large"), "{error}");
    let log = PathBuf::from(env::var_os("SECRETS_AUDIT").unwrap());
    let length = fs::metadata(&log).unwrap().len();
    sync_step().unwrap_err();
    assert_eq!(fs::metadata(&log).unwrap().len(), length, "a part of a line stays");
}

fn the_secrets_of_a_test_are_marked() {
    let audited = Audited::new();
    audited.run("call_in_a_test");
    let lines = audited.lines();
    let origins: Vec<_> = lines.iter().map(|line| field(line, "origin")).collect();
    assert_eq!(origins, ["override", "", "backend", "", "override", ""]);
}

fn call_in_a_test() {
    let in_test = || testing::with_secrets([("AUDITED", "AUDITED", "SeNtInEl")], sync_step);
    in_test().unwrap();
    sync_step().unwrap();
    in_test().unwrap();
}

fn secrets_toml_decides_nothing_about_the_log() {
    for text in ["audit = 'off'", "audit_required = '0'", "[profile.a]\naudit = '/dev/null'"] {
        let audited = Audited::new();
        fs::write(audited.path("secrets.toml"), text).unwrap();
        fs::set_permissions(audited.path("secrets.toml"), PermissionsExt::from_mode(0o600))
            .unwrap();
        audited.run("be_refused");
        assert!(!audited.path("audit.log").exists());
    }
}

fn a_log_has_to_be_there_if_it_is_required() {
    for log in ["", "off"] {
        let mut command = Audited::new().command("be_refused");
        command.env("SECRETS_AUDIT", log).env("SECRETS_AUDIT_REQUIRED", "1").current_dir("/");
        assert!(command.status().unwrap().success(), "{log:?}");
    }
}

fn be_refused() {
    let error = sync_step().unwrap_err();
    assert_eq!((error.kind(), error.problems().len()), (ErrorKind::InvalidConfig, 1));
    assert!(error.to_string().to_lowercase().contains("audit"), "{error}");
}
