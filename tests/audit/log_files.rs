//! The file of the log: one line an event, and only a file that nobody else may write.
#![cfg(unix)]

use std::{
    fs::{self, OpenOptions, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use secrets_runtime::{
    AuditEvent, AuditSink, Declaration, Error, ErrorKind, Resolver, settings::variables,
};
use serde_json::Value;
use tempfile::TempDir;

use super::Recorder;

fn resolver(path: &Path) -> Resolver {
    let builder = Resolver::builder().default_backend("env").audit_file(path);
    builder.audit_required(true).build().unwrap()
}

fn resolve(resolver: &Resolver) -> Result<(), Error> {
    let declaration = Declaration::builder("load").source("PATH").unwrap().build();
    resolver.resolve_blocking(&declaration).map(drop)
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "{text:?}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn log() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    (folder, path)
}

/// Returns the message and the help of the problem with a log.
fn refusal(path: &Path) -> String {
    let resolver = resolver(path);
    let error = resolve(&resolver).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    assert_eq!(error.step(), Some("load"));
    let problem = &error.problems()[0];
    assert_eq!(problem.origin(), "SECRETS_AUDIT");
    let checked = resolver.check_audit().unwrap_err();
    assert_eq!(checked.problems()[0].message(), problem.message(), "before it is written");
    format!("{}; {}", problem.message(), problem.help().unwrap())
}

#[test]
fn a_line_is_one_object_in_a_file_that_only_its_owner_reads() {
    let (_folder, path) = log();
    let resolver = resolver(&path);
    for _ in 0..2 {
        resolve(&resolver).unwrap();
    }
    let lines = lines(&path);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["event"], "resolved");
    assert_eq!(lines[0]["v"], 1);
    let fields: Vec<_> = lines[0].as_object().unwrap().keys().cloned().collect();
    let expected = [
        "v", "time", "event", "program", "pid", "call", "step", "source", "backend", "id",
        "origin", "ms",
    ];
    let mut expected = expected.map(str::to_owned);
    expected.sort();
    let mut sorted = fields.clone();
    sorted.sort();
    assert_eq!(sorted, expected);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn names_with_line_breaks_stay_on_their_line() {
    let (_folder, path) = log();
    let resolver = resolver(&path);
    let declaration = Declaration::builder("a\nb").source("PATH").unwrap().build();
    let secrets = resolver.resolve_blocking(&declaration).unwrap().secrets;
    secrets.get("a\n{\"b\":\"\u{2028}", "c").unwrap_err();
    let lines = lines(&path);
    assert_eq!((lines.len(), &lines[1]["group"]), (2, &Value::from("a\n{\"b\":\"\u{2028}")));
}

#[test]
fn a_file_that_others_may_write_is_refused() {
    let (folder, path) = log();
    fs::write(&path, "").unwrap();
    for (mode, why) in [(0o666, "everybody may write to"), (0o602, "everybody may write to")] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let refusal = refusal(&path);
        assert!(refusal.contains(why) && refusal.contains("chmod o-w"), "{refusal}");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    resolve(&resolver(&path)).unwrap();
    // Its folder decides too.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    let refusal = refusal(&path);
    assert!(refusal.contains("everybody may write to"), "{refusal}");
}

#[test]
fn rights_that_are_given_away_while_it_is_open_end_the_log() {
    let (_folder, path) = log();
    let resolver = resolver(&path);
    resolve(&resolver).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    assert_eq!(resolve(&resolver).unwrap_err().kind(), ErrorKind::InvalidConfig);
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    resolve(&resolver).unwrap();
    assert_eq!(lines(&path).len(), 2);
}

#[test]
fn another_users_file_is_refused() {
    let (_folder, path) = log();
    fs::write(&path, "").unwrap();
    if std::os::unix::fs::chown(&path, Some(54_321), None).is_err() {
        return;
    }
    let refusal = refusal(&path);
    assert!(refusal.contains("belongs to another user (id 54321)"), "{refusal}");
}

#[test]
fn links_pipes_and_folders_are_refused() {
    let (folder, path) = log();
    let target = folder.path().join("target");
    for exists in [false, true] {
        if exists {
            fs::write(&target, "").unwrap();
        }
        symlink(&target, &path).unwrap();
        let refusal = refusal(&path);
        assert!(refusal.contains("is a symbolic link, which is not followed"), "{refusal}");
        assert_eq!(target.exists(), exists, "nothing is created through it");
        fs::remove_file(&path).unwrap();
    }
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    assert!(refusal(&path).contains("is not a regular file"));
    // With a reader it could be opened.
    let _reader = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    assert!(refusal(&path).contains("is not a regular file"));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(refusal(&path).contains("is not a regular file"));
}

#[test]
fn a_folder_that_is_not_there_is_not_created() {
    let (folder, _) = log();
    let refusal = refusal(&folder.path().join("none/audit.log"));
    assert!(refusal.contains("cannot be written") && refusal.contains("create its folder"));
}

#[test]
fn a_renamed_log_is_followed_by_a_new_one() {
    let (folder, path) = log();
    let resolver = resolver(&path);
    let old = folder.path().join("audit.log.1");
    for _ in 0..3 {
        resolve(&resolver).unwrap();
    }
    fs::rename(&path, &old).unwrap();
    for _ in 0..2 {
        resolve(&resolver).unwrap();
    }
    assert_eq!((lines(&old).len(), lines(&path).len()), (3, 2));
    fs::remove_file(&path).unwrap();
    resolve(&resolver).unwrap();
    assert_eq!(lines(&path).len(), 1);
}

#[test]
fn a_relative_path_is_that_of_the_working_directory_and_off_is_none() {
    let builder = Resolver::builder().setting(&variables::AUDIT, "some.log");
    let path = builder.build().unwrap().audit_file().unwrap().to_owned();
    assert_eq!(path, std::env::current_dir().unwrap().join("some.log"));
    let off = Resolver::builder().setting(&variables::AUDIT, "off").build().unwrap();
    assert!(off.audit_file().is_none());
    let named_off = Resolver::builder().audit_file("off").build().unwrap();
    assert!(named_off.audit_file().unwrap().ends_with("off"));
}

#[test]
fn file_and_sinks_are_all_told() {
    let (_folder, path) = log();
    let (one, other) = (Recorder::default(), Recorder::default());
    let builder = Resolver::builder().default_backend("env").audit_file(&path);
    let resolver = builder.audit(one.clone()).audit(other.clone()).build().unwrap();
    resolve(&resolver).unwrap();
    let written = lines(&path);
    for recorder in [one, other] {
        assert_eq!(*recorder.0.lock().unwrap(), written);
    }
}

/// A sink that reads a secret of its own at each event.
struct Curious(Resolver);

impl AuditSink for Curious {
    fn record(&self, _: &AuditEvent) -> Result<(), Error> {
        let declaration = Declaration::builder("sink").source("HOME")?.build();
        self.0.resolve_blocking(&declaration)?.secrets.get("HOME", "HOME").map(drop)
    }
}

#[test]
fn a_sink_may_read_secrets_itself() {
    let (_folder, path) = log();
    let builder = Resolver::builder().default_backend("env").audit_file(&path);
    let own = builder.build().unwrap();
    let builder = Resolver::builder().default_backend("env").audit_file(&path);
    let resolver = builder.audit(Curious(own)).audit_required(true).build().unwrap();
    resolve(&resolver).unwrap();
    let steps: Vec<_> = lines(&path).iter().map(|line| line["step"].clone()).collect();
    assert_eq!(steps, ["load", "sink", "sink"]);
}

/// The end of another program's line, which was cut, does not swallow what follows.
#[test]
fn a_line_that_was_cut_stays_a_line_of_its_own() {
    let (_folder, path) = log();
    fs::write(&path, "{\"v\":1}\n{\"v\":1,\"ev").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let resolver = resolver(&path);
    resolve(&resolver).unwrap();
    resolve(&resolver).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[1]), (4, "{\"v\":1}", "{\"v\":1,\"ev"));
    let events = lines[2..].iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert!(events.into_iter().all(|event| event["event"] == "resolved"));
}

/// Everybody who may read a log can lock it.
#[test]
fn a_log_that_somebody_keeps_locked_is_written() {
    let (_folder, path) = log();
    let resolver = resolver(&path);
    resolve(&resolver).unwrap();
    let reader = fs::File::open(&path).unwrap();
    reader.lock().unwrap();
    for _ in 0..100 {
        resolve(&resolver).unwrap();
    }
    reader.unlock().unwrap();
    resolve(&resolver).unwrap();
    assert_eq!(lines(&path).len(), 102);
}

#[test]
fn a_line_is_safe_on_a_terminal() {
    let (_folder, path) = log();
    let resolver = resolver(&path);
    let name =
        "a\u{9b}31m\u{202e}\u{7f}\u{61c}\u{2028}\u{1b}[2J\u{e9}\u{200b}\u{ad}\u{3164}\u{e0041}";
    let declaration = Declaration::builder(name).source("PATH").unwrap().build();
    resolver.resolve_blocking(&declaration).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let raw: Vec<_> = text.chars().filter(|c| !matches!(c, '\n' | '\u{e9}' | ' '..='~')).collect();
    assert!(raw.is_empty(), "{raw:?} in {text:?}");
    assert_eq!(lines(&path)[0]["step"], name);
}
