//! `audit`, and what the other commands write into the audit log.

use serde_json::Value;

#[cfg(unix)]
use crate::support::terminal::Terminal;
use crate::support::{CliOutput, Sandbox};

/// Runs a command with a log. Returns the events that it has written, as `event what`.
fn events_of(sandbox: &Sandbox, arguments: &[&str]) -> Vec<String> {
    let log = sandbox.path().join("audit.log");
    let length = std::fs::read_to_string(&log).unwrap_or_default().len();
    let output = sandbox.command(arguments).env("SECRETS_AUDIT", &log).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = std::fs::read_to_string(&log).unwrap_or_default();
    assert!(!text.contains("SeNtInEl"), "{text}");
    let of = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!((&event["v"], &event["program"]), (&1.into(), &"secrets".into()));
        let text = |name: &str| event[name].as_str();
        let what = match text("event").unwrap() {
            "resolved" => text("source").unwrap().to_owned(),
            "read" => format!("{}/{}", text("group").unwrap(), text("key").unwrap()),
            _ => format!("{}.{}", text("backend").unwrap(), text("id").unwrap()),
        };
        format!("{} {what}", text("event").unwrap())
    };
    text[length..].lines().map(of).collect()
}

#[test]
fn commands_record_what_they_read_write_and_delete() {
    let sandbox = Sandbox::new();
    let cases: &[(&[&str], &[&str])] = &[
        (&["register", "db", "--user=SeNtInEl", "--password=SeNtInEl"], &["written local.db"]),
        (&["update", "db", "--port=5432"], &["written local.db"]),
        (&["list"], &[]),
        (&["get", "db"], &[]),
        (&["get", "db", "password", "--reveal"], &["resolved db", "read db/password"]),
        (&["run", "--env", "PW=db.password", "--", "true"], &["resolved db", "read db/password"]),
        (&["run", "db", "--only", "user", "--", "true"], &["resolved db", "read db/user"]),
        (&["resolve", "db"], &["resolved db", "read db/password", "read db/port", "read db/user"]),
        (&["check", "db"], &[]),
        (&["rename", "db", "new"], &["written local.new", "deleted local.db"]),
        (
            &["export", "new", "--output", "new.json"],
            &["resolved new", "read new/user", "read new/password", "read new/port"],
        ),
        (&["delete", "new", "--yes"], &["deleted local.new"]),
        (&["import", "new.json"], &["written local.new"]),
        (&["import", "new.json"], &[]),
    ];
    for (arguments, expected) in cases {
        assert_eq!(events_of(&sandbox, arguments), *expected, "{arguments:?}");
    }
    sandbox.write("template", "{{new.user}}");
    let rendered = events_of(&sandbox, &["render", "template"]);
    assert_eq!(rendered, ["resolved new", "read new/user"]);
}

#[test]
fn a_command_that_cannot_be_recorded_fails_before_it_does_anything() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--user=SeNtInEl"]);
    let cases: &[&[&str]] = &[
        &["register", "other", "--a=SeNtInEl"],
        &["update", "db", "--user=SeNtInEl-2"],
        &["delete", "db", "--yes"],
        &["rename", "db", "other"],
        &["get", "db", "--reveal"],
        &["export", "db"],
        &["resolve", "db", "--format=json", "--reveal"],
        &["run", "db", "--", "true"],
    ];
    for arguments in cases {
        let mut command = sandbox.command(*arguments);
        command.env("SECRETS_AUDIT", "none/audit.log").env("SECRETS_AUDIT_REQUIRED", "1");
        let result = CliOutput::new(command.output().unwrap());
        result.assert_fails(5);
        assert!(result.stderr.contains("none/audit.log cannot be written"), "{result:?}");
        assert!(result.stderr.contains("create its folder"), "{result:?}");
    }
    assert_eq!(sandbox.ok(["list"]), "db\n");
    assert_eq!(sandbox.ok(["get", "db", "user", "--reveal"]), "SeNtInEl");
}

const LOG: &str = r#"{"v":1,"time":"2026-11-27T10:00:00.000Z","event":"resolved","program":"etl","pid":7,"call":1,"step":"load","source":"local.prod/db","backend":"local","id":"prod/db","version":"3","origin":"backend","ms":12}
{"v":1,"time":"2026-11-27T10:00:00.001Z","event":"resolved","program":"etl","pid":7,"call":1,"step":"load","source":"api","group":"token","backend":"aws-secrets-manager","id":"api","role":"arn:aws:iam::123456789012:role/R","origin":"cache","ms":12}
{"v":1,"time":"2026-11-27T10:00:00.002Z","event":"read","program":"etl","pid":7,"call":1,"step":"load","group":"prod/db","key":"password"}
{"v":1,"time":"2026-11-28T10:00:00.000Z","event":"failed","program":"etl","pid":8,"call":1,"step":"store","source":"queue","backend":"env","kind":"NotFound"}
{"v":1,"time":"2026-11-28T10:00:00.001Z","event":"resolved","program":"etl","pid":8,"call":2,"step":"store","source":"api","backend":"local","id":"api","origin":"stale","ms":0}
{"v":1,"time":"2026-11-28T10:00:00.002Z","event":"resolved","program":"etl","pid":8,"call":2,"step":"store","source":"db/user","backend":"local","id":"db","origin":"launch","ms":0}
{"v":1,"time":"2026-11-28T10:00:00.003Z","event":"resolved","program":"etl","pid":8,"call":2,"step":"store","source":"db/password (version v2)","backend":"local","id":"db","origin":"override","ms":0}
{"v":1,"time":"2026-11-28T10:00:00.004Z","event":"read","program":"etl","pid":8,"call":2,"step":"store","group":"db","key":"password"}
{"v":1,"time":"2026-11-28T10:00:00.005Z","event":"not_requested","program":"etl","pid":8,"call":2,"step":"store","group":"other\u001b[2J"}
{"v":1,"time":"2026-11-28T10:00:00.006Z","event":"read","program":"etl","pid":8,"call":3,"group":"api","key":"token"}
{"v":1,"time":"2026-11-28T10:00:00.007Z","event":"resolved","program":"web","pid":9,"call":1,"step":"store","source":"api","backend":"local","id":"api","origin":"backend","ms":1}
{"v":1,"time":"2026-11-28T10:00:00.008Z","event":"deleted","program":"secrets","pid":9,"backend":"local","id":"api"}
"#;

fn with_log() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("audit.log", LOG);
    sandbox
}

fn lines_of(numbers: &[usize]) -> String {
    let lines: Vec<_> = LOG.lines().collect();
    numbers.iter().map(|number| format!("{}\n", lines[number - 1])).collect()
}

#[test]
fn json_is_the_lines_as_they_are() {
    let sandbox = with_log();
    assert_eq!(sandbox.ok(["audit", "audit.log", "--format=json"]), LOG);
    let cases: &[(&[&str], &[usize])] = &[
        (&["--step=load"], &[1, 2, 3]),
        (&["--step=app::jobs::load"], &[1, 2, 3]),
        (&["--step=none"], &[]),
        (&["--event=failed"], &[4]),
        (&["--event=read", "--event=deleted"], &[3, 8, 10, 12]),
        (&["--source=local.prod/db"], &[1, 3]),
        (&["--source=prod/db"], &[1, 3]),
        (&["--source=queue"], &[4]),
        (&["--source=api"], &[2, 5, 10, 11, 12]),
        (&["--source=db/password", "--event=read"], &[8]),
        (&["--since=2026-11-28T10:00:00.006Z"], &[10, 11, 12]),
        (&["--since=2026-11-28", "--step=store", "--event=resolved"], &[5, 6, 7, 11]),
        (&["--since=2026-11-28T12:00:00.007+02:00"], &[11, 12]),
    ];
    for (arguments, expected) in cases {
        let arguments = [&["audit", "audit.log", "--format=json"], *arguments].concat();
        assert_eq!(sandbox.ok(&arguments), lines_of(expected), "{arguments:?}");
    }
}

#[test]
fn text_is_a_line_for_a_person() {
    let sandbox = with_log();
    let text = sandbox.ok(["audit", "audit.log"]);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 12);
    for (number, line) in [
        (
            1,
            "2026-11-27T10:00:00.000Z  etl[7]  load  resolved  local.prod/db (local prod/db, version 3, from backend, 12 ms)",
        ),
        (
            2,
            "2026-11-27T10:00:00.001Z  etl[7]  load  resolved  api (aws-secrets-manager api, role arn:aws:iam::123456789012:role/R, from cache, 12 ms)",
        ),
        (3, "2026-11-27T10:00:00.002Z  etl[7]  load  read  prod/db/password"),
        (4, "2026-11-28T10:00:00.000Z  etl[8]  store  failed  queue (env, NotFound)"),
        (9, "2026-11-28T10:00:00.005Z  etl[8]  store  not_requested  other\\u{1b}[2J"),
        (12, "2026-11-28T10:00:00.008Z  secrets[9]  -  deleted  local api"),
    ] {
        assert_eq!(lines[number - 1], line);
    }
}

#[test]
fn unused_names_what_steps_declare_and_never_read() {
    let sandbox = with_log();
    let text = sandbox.ok(["audit", "--unused", "audit.log"]);
    let expected = "etl  load  api  (1 call)\netl  store  api  (1 call)\netl  store  db/user  (1 call)\nweb  store  api  (1 call)\n";
    // The read of `api` was outside of a step.
    assert_eq!(text, expected);
    let text = sandbox.ok(["audit", "--unused", "audit.log", "audit.log", "--step=load"]);
    assert_eq!(text, "etl  load  api  (2 calls)\n");
    let json = sandbox.ok(["audit", "--unused", "audit.log", "--format=json", "--step=load"]);
    assert_eq!(json, "[{\"program\":\"etl\",\"step\":\"load\",\"source\":\"api\",\"calls\":1}]\n");
    let nothing = sandbox.run(["audit", "--unused", "audit.log", "--step=none"]);
    assert_eq!((nothing.code, nothing.text()), (Some(0), String::new()));
    assert!(nothing.stderr.contains("no step is in the log"), "{nothing:?}");
    sandbox.run(["audit", "--unused", "--event=read", "audit.log"]).assert_fails(2);
}

#[test]
fn unused_follows_groups_and_requests_of_real_runs() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--user=SeNtInEl", "--password=SeNtInEl"]);
    sandbox.ok(["register", "unread", "--a=SeNtInEl"]);
    let sources = r#"["unread", {"id": "db", "type": "local", "group": "alias"}]"#;
    let requests =
        r#"[{"group": "db", "key": "user"}, {"group": "db", "key": "password", "env_var": "PW"}]"#;
    events_of(&sandbox, &["run", "--sources", sources, "--only", "user,password", "--", "true"]);
    events_of(&sandbox, &["run", "--requests", requests, "--", "true"]);
    let unused = || {
        let mut command = sandbox.command(["audit", "--unused"]);
        let output = command.env("SECRETS_AUDIT", "audit.log").output().unwrap();
        CliOutput::new(output).text()
    };
    // These pass no value on.
    events_of(&sandbox, &["lock", "unread"]);
    events_of(&sandbox, &["mask", "unread"]);
    // The request for a field that becomes no variable is read by no one.
    assert_eq!(
        unused(),
        "secrets  secrets  unread  (1 call)\nsecrets  secrets  db/user  (1 call)\n"
    );
}

#[test]
fn lines_that_are_no_events_are_left_out() {
    let sandbox = Sandbox::new();
    let event = LOG.lines().next().unwrap();
    sandbox.write(
        "audit.log",
        format!("half a li\n\n[1]\n{{\"v\":1}}\n\u{fffd}\n{event}\n{{\"v\":1,\"eve"),
    );
    let result = sandbox.run(["audit", "audit.log", "--format=json"]);
    assert_eq!((result.code, result.text()), (Some(0), format!("{event}\n")));
    let text = sandbox.run(["audit", "audit.log"]);
    assert_eq!(text.text().lines().count(), 1);
    assert_eq!(text.stderr, "note: 5 lines cannot be read as events, and are left out\n");
    let nothing = sandbox.run(["audit", "audit.log", "--step=lod"]);
    assert!(nothing.text().is_empty() && nothing.stderr.ends_with("no event matches\n"));
    let piped = sandbox.run_with_stdin(["audit", "-", "--step=store"], LOG.as_bytes());
    assert_eq!(piped.text().lines().count(), 7);
}

#[test]
fn events_of_another_version_and_without_a_time_are_left_out() {
    let sandbox = Sandbox::new();
    let event = LOG.lines().next().unwrap();
    let lines = [
        event.replace("\"v\":1", "\"v\":2"),
        event.replace("\"v\":1", "\"v\":\"1\""),
        event.replace("2026-11-27T10", "yesterday"),
        event.replace("\"time\":\"2026-11-27T10:00:00.000Z\",", ""),
        event.to_owned(),
    ];
    sandbox.write("audit.log", lines.join("\n"));
    let json = sandbox.run(["audit", "audit.log", "--format=json"]);
    assert_eq!((json.code, json.text()), (Some(0), format!("{event}\n")), "{json:?}");
    let text = sandbox.run(["audit", "audit.log"]);
    assert_eq!((text.code, text.text().lines().count()), (Some(0), 1), "{text:?}");
    assert_eq!(text.stderr, "note: 4 lines cannot be read as events, and are left out\n");
}

#[cfg(unix)]
#[test]
fn a_terminal_does_not_act_on_json() {
    let sandbox = Sandbox::new();
    let event = LOG.lines().next().unwrap().replace("\"load\"", "\"load\u{9b}2J\u{202e}\"");
    sandbox.write("audit.log", event.replace(",\"event\"", ",\r\"event\"") + "\n");
    let program = [env!("CARGO_BIN_EXE_secrets"), "audit", "audit.log", "--format=json"];
    let (code, text) = Terminal::start(&sandbox, &program, |_| {}).end();
    assert_eq!(code, Some(0), "{text}");
    let shown: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(shown["step"], "load\u{9b}2J\u{202e}");
    assert!(!text.trim_end().contains(['\u{9b}', '\u{202e}', '\r']), "{text:?}");
}

#[test]
fn a_source_is_followed_to_the_group_under_which_it_is_read() {
    let sandbox = Sandbox::new();
    sandbox.write("audit.log", OWN_GROUPS);
    let lines: Vec<&str> = OWN_GROUPS.lines().collect();
    let cases: &[(&[&str], &[usize])] = &[
        // The other program's `token` is another secret.
        (&["--source=api"], &[1, 3]),
        (&["--source=api", "--event=read"], &[3]),
        (&["--source=token"], &[1, 2, 3, 4]),
        (&["--source=other", "--event=read"], &[4]),
        (&["--source=db/password"], &[5, 6]),
        (&["--source=db/password (version v2)"], &[5, 6]),
        (&["--source={\"group\":\"a/b\",\"key\":\"c\"}"], &[7, 8]),
        (&["--source=a/b/c", "--event=read"], &[8]),
    ];
    for (arguments, expected) in cases {
        let arguments = [&["audit", "audit.log", "--format=json"], *arguments].concat();
        let expected: String =
            expected.iter().map(|number| format!("{}\n", lines[number - 1])).collect();
        assert_eq!(sandbox.ok(&arguments), expected, "{arguments:?}");
    }
}

const OWN_GROUPS: &str = r#"{"v":1,"time":"2026-11-28T10:00:00.000Z","event":"resolved","program":"etl","pid":7,"call":1,"step":"load","source":"api","group":"token","backend":"local","id":"api","origin":"cache","ms":0}
{"v":1,"time":"2026-11-28T10:00:00.001Z","event":"resolved","program":"web","pid":8,"call":1,"step":"load","source":"other","group":"token","backend":"local","id":"other","origin":"cache","ms":0}
{"v":1,"time":"2026-11-28T10:00:00.002Z","event":"read","program":"etl","pid":7,"call":1,"step":"load","group":"token","key":"api"}
{"v":1,"time":"2026-11-28T10:00:00.003Z","event":"read","program":"web","pid":8,"call":1,"step":"load","group":"token","key":"api"}
{"v":1,"time":"2026-11-28T10:00:00.004Z","event":"failed","program":"web","pid":8,"call":2,"step":"load","source":"db/password (version v2)","backend":"local","kind":"NotFound"}
{"v":1,"time":"2026-11-28T10:00:00.005Z","event":"read","program":"web","pid":8,"call":3,"step":"load","group":"db","key":"password"}
{"v":1,"time":"2026-11-28T10:00:00.006Z","event":"failed","program":"web","pid":8,"call":3,"step":"load","source":"{\"group\":\"a/b\",\"key\":\"c\"}","backend":"local","kind":"NotFound"}
{"v":1,"time":"2026-11-28T10:00:00.007Z","event":"read","program":"web","pid":8,"call":3,"step":"load","group":"a/b","key":"c"}
"#;

#[test]
fn a_line_that_is_too_long_is_no_event() {
    let sandbox = Sandbox::new();
    let event = LOG.lines().next().unwrap();
    let long = event.replacen("{", &format!("{{\"step\":\"{}\",", "x".repeat(1 << 20)), 1);
    sandbox.write("audit.log", format!("{long}\n{event}\n{}", "x".repeat(3 << 20)));
    let result = sandbox.run(["audit", "audit.log"]);
    assert_eq!((result.code, result.text().lines().count()), (Some(0), 1));
    assert_eq!(result.stderr, "note: 2 lines cannot be read as events, and are left out\n");
}

#[test]
fn a_log_that_is_not_there_is_said_plainly() {
    let sandbox = Sandbox::new();
    let unset = sandbox.run(["audit"]);
    unset.assert_fails(2);
    assert!(unset.stderr.contains("there is no audit log"), "{unset:?}");
    let missing = sandbox.run(["audit", "none.log"]);
    missing.assert_fails(5);
    assert!(missing.stderr.contains("none.log: the audit log cannot be read"), "{missing:?}");
    assert_eq!(sandbox.run(["audit", "none.log", "--format=json"]).json_kind(), "InvalidConfig");
    for arguments in [["--since=soon"], ["--event=reads"], ["--since=-2h"]] {
        let result = sandbox.run(["audit", "none.log", arguments[0]]);
        result.assert_fails(2);
    }
}

#[test]
fn doctor_says_whether_the_log_can_be_written() {
    let sandbox = Sandbox::new();
    let doctor = |log: &str, format: &str| {
        let mut command = sandbox.command(["doctor", format]);
        CliOutput::new(command.env("SECRETS_AUDIT", log).output().unwrap())
    };
    let good = doctor("audit.log", "--format=text");
    assert!(good.text().contains("audit.log: can be written"), "{good:?}");
    assert!(!sandbox.path().join("audit.log").exists(), "it writes none");
    let bad = doctor("none/audit.log", "--format=text");
    assert_eq!(bad.code, Some(5), "{bad:?}");
    assert!(bad.text().contains("audit.log: not usable: the audit log"), "{bad:?}");
    let json: Value = serde_json::from_str(&doctor("audit.log", "--format=json").text()).unwrap();
    assert_eq!(json["audit"]["problem"], Value::Null);
    assert!(json["audit"]["file"].as_str().unwrap().ends_with("/audit.log"));
    let off: Value = serde_json::from_str(&doctor("off", "--format=json").text()).unwrap();
    assert_eq!(off["audit"], Value::Null);
    let mut command = sandbox.command(["doctor"]);
    let required = CliOutput::new(command.env("SECRETS_AUDIT_REQUIRED", "1").output().unwrap());
    assert_eq!(required.code, Some(5), "{required:?}");
    assert!(
        required.text().contains("WRONG: the use of secrets has to be recorded"),
        "{required:?}"
    );
}
