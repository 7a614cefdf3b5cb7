//! `inspect`.

use std::{
    fs::File,
    io::{Seek, SeekFrom, Write},
    path::Path,
    process::Command,
};

use serde_json::{Value, json};

use crate::{
    commands::program::{record, step, steps::line_of, this_program},
    support::{CliOutput, Sandbox},
};

fn inspect(sandbox: &Sandbox, path: &Path) -> CliOutput {
    sandbox.run(["inspect".as_ref(), path.as_os_str(), "--format=json".as_ref()])
}

/// Returns the steps of a program, which must have some.
fn steps(sandbox: &Sandbox, path: &Path) -> Vec<Value> {
    let result = inspect(sandbox, path);
    assert_eq!((result.code, result.stderr.as_str()), (Some(0), ""), "{result:?}");
    let json: Value = serde_json::from_str(&result.text()).unwrap();
    assert_eq!(json["version"], 1);
    json["steps"].as_array().unwrap().clone()
}

/// Returns the names of the steps that a file with these bytes has, and what the command says of it.
fn names(sandbox: &Sandbox, bytes: &[u8]) -> (Vec<String>, CliOutput) {
    sandbox.write("program", bytes);
    let result = inspect(sandbox, Path::new("program"));
    let json: Value = serde_json::from_str(&result.text()).unwrap_or_default();
    let steps = json["steps"].as_array().cloned().unwrap_or_default();
    (steps.iter().map(|step| step["step"].as_str().unwrap().to_owned()).collect(), result)
}

const FILE: &str = "secrets-cli/tests/commands/program/steps.rs";
const MODULE: &str = "cli::commands::program::steps";

#[test]
fn every_declaration_of_a_program_is_printed() {
    let sandbox = Sandbox::new();
    let request = |group: &str, key: &str, version: Value, mount: Value, variable: Value| json!({ "group": group, "key": key, "group_version": version, "mount_requirement": mount, "env_var": variable });
    let source = |id: &str, kind: Value, options: Value, role: Value, group: Value| json!({ "id": id, "type": kind, "options": options, "role": role, "group": group });
    let with_keys = |mut source: Value, keys: Value| {
        source["keys"] = keys;
        source
    };
    let null = Value::Null;
    let plain = |id: &str| source(id, Value::Null, json!({}), Value::Null, Value::Null);
    let load = json!({
        "step": "load", "module": MODULE, "file": FILE, "line": line_of("pub fn load"),
        "sources": [
            with_keys(plain("prod-db"), json!(["password", "user"])),
            source("prod/reports", json!("aws-secrets-manager"), json!({}), null.clone(), null.clone()),
            source("plain", null.clone(), json!({ "json": false, "region": "eu-west-1" }), json!(""), json!("token")),
            source("mine", json!("my-vault"), json!({ "engine": "kv" }), json!("deployer"), null.clone()),
            source("values", json!("inline"), json!({ "env_vars": { "NAME": "***" } }), null.clone(), null.clone()),
            with_keys(plain("api"), json!(["token"])),
            plain("extra"),
        ],
        "requests": [],
        "role": "arn:aws:iam::123456789012:role/SecretsAccess", "guard": "warn", "output": "serialize",
    });
    let jobs = format!("{MODULE}::jobs");
    let of_jobs = |name: &str, function: &str, requests: Value| {
        json!({
            "step": name, "module": jobs, "file": FILE, "line": line_of(function), "sources": [],
            "requests": requests, "role": null, "guard": null, "output": null,
        })
    };
    let requests = json!([
        request("flyte", "api-key", null.clone(), json!("FILE"), null.clone()),
        request("db", "password", json!("v2"), null.clone(), json!("DB_PASSWORD")),
    ]);
    let second = of_jobs("load", "async fn load", requests);
    let expected = [load, of_jobs("at_launch", "pub fn at_launch", json!([])), second];
    let found = steps(&sandbox, &this_program());
    assert_eq!(found, expected);

    let text = sandbox.ok(["inspect".as_ref(), this_program().as_os_str()]);
    for expected in [
        "STEP",
        "prod-db",
        "keys password, user",
        "aws-secrets-manager.prod/reports",
        "json false; region eu-west-1",
        "my-vault.mine",
        "request flyte/api-key",
        "version v2; variable DB_PASSWORD",
        "output serialize",
        "guard warn",
        "it gets its sources at launch",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(!text.contains("SeNtInEl"), "{text}");
}

#[test]
fn a_stripped_program_has_its_steps() {
    let sandbox = Sandbox::new();
    let stripped = sandbox.path().join("stripped");
    let status = Command::new("strip").arg(this_program()).arg("-o").arg(&stripped).status();
    assert!(status.unwrap().success());
    assert_eq!(steps(&sandbox, &stripped), steps(&sandbox, &this_program()));
}

#[test]
fn steps_are_sorted_and_each_is_printed_once() {
    let sandbox = Sandbox::new();
    let parts = ["b", "a", "b", "c", "a"].map(|name| step(name, r#"["x"]"#));
    let (found, _) = names(&sandbox, &parts.concat());
    assert_eq!(found, ["a", "b", "c"]);
    // Two that differ are two.
    let (found, _) = names(&sandbox, &[step("a", r#"["x"]"#), step("a", r#"["y"]"#)].concat());
    assert_eq!(found, ["a", "a"]);
}

#[test]
fn records_are_found_in_programs_of_any_format() {
    let sandbox = Sandbox::new();
    for head in [
        &b"\x7fELF\x02\x01\x01"[..],
        b"\xcf\xfa\xed\xfe\x07",
        b"MZ\x90\0",
        b"",
        b"PK\x03\x04",
        &[2; 9],
    ] {
        let (found, _) = names(&sandbox, &[head, &step("a", "[]"), b"\0\0"].concat());
        assert_eq!(found, ["a"]);
    }
}

#[test]
fn what_has_no_step_ends_with_3() {
    let sandbox = Sandbox::new();
    for bytes in [&b""[..], b"text", b"\x7fELF", b"\x02secrets-step-1:"] {
        let (_, result) = names(&sandbox, bytes);
        result.assert_fails(3);
        assert_eq!(result.json_kind(), "NotFound");
    }
    let command = Path::new(env!("CARGO_BIN_EXE_secrets"));
    let result = inspect(&sandbox, command);
    result.assert_fails(3);
    assert!(!result.stderr.contains("warning"), "{result:?}");
}

#[test]
fn a_program_of_a_newer_version_is_not_one_without_steps() {
    let sandbox = Sandbox::new();
    let newer = |name: &str| {
        let text = String::from_utf8(step(name, "[]")).unwrap();
        text.replace("step-1:", "step-2:").into_bytes()
    };
    let (_, result) = names(&sandbox, &[newer("a"), newer("b")].concat());
    result.assert_fails(3);
    assert_eq!(result.json_kind(), "NotFound");
    assert!(result.stderr.contains("a newer version of secrets-runtime made it"), "{result:?}");
    assert!(result.stderr.contains("update the command"), "{result:?}");
    let (found, result) = names(&sandbox, &[newer("a"), step("c", "[]"), newer("b")].concat());
    assert_eq!((result.code, &found[..]), (Some(0), &["c".to_owned()][..]), "{result:?}");
    assert!(result.stderr.contains("2 steps are of a newer version"), "{result:?}");
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let sandbox = Sandbox::new();
    for (path, reason) in [("missing", "there is no such file"), (".", "is a directory")] {
        let result = inspect(&sandbox, Path::new(path));
        result.assert_fails(5);
        assert!(result.stderr.contains(reason), "{result:?}");
    }
    assert_eq!(sandbox.run(["inspect"]).code, Some(2));
}

#[test]
fn a_damaged_record_is_passed_over_with_a_warning() {
    let sandbox = Sandbox::new();
    let good = step("good", r#"["x"]"#);
    let hostile = [
        record("{}"),
        record("{"),
        record(r#"{"step":"\u001b[31mred","module":"m","file":"f","line":1}"#),
        record(r#"{"step":"a","module":"m\u0007","file":"f","line":1}"#),
        record("{\"step\":\"a\u{1b}[31m\",\"module\":\"m\",\"file\":\"f\",\"line\":1}"),
        record(r#"{"step":"a","module":"m","file":"f","line":-1}"#),
        record(r#"{"step":"a","module":"m","file":"f","line":1,"sources":{}}"#),
        record(r#"{"step":"a","module":"m","file":"f","line":1,"sources":["a b"]}"#),
        record(r#"{"step":"a","module":"m","file":"f","line":1,"role":"x\u001b"}"#),
        record(&format!(r#"{{"step":"{}"}}"#, "x".repeat(2 << 20))),
        record(&"[".repeat(100_000)),
        good[..good.len() - 1].to_vec(),
    ];
    for bytes in &hostile {
        let (found, result) = names(&sandbox, &[&bytes[..], &good].concat());
        assert_eq!((result.code, &found[..]), (Some(0), &["good".to_owned()][..]), "{result:?}");
        assert!(result.stderr.starts_with("warning: program: skipped at byte 0: "), "{result:?}");
        assert!(!result.stderr.contains('\u{1b}'), "{result:?}");
    }
    let (found, result) = names(&sandbox, &[hostile.concat(), hostile.concat(), good].concat());
    assert_eq!(found, ["good"]);
    assert_eq!(result.stderr.lines().count(), 11, "{}", result.stderr);
    assert!(result.stderr.contains("more damaged records"), "{}", result.stderr);
}

#[test]
fn the_control_characters_of_a_record_are_not_printed_as_they_are() {
    let sandbox = Sandbox::new();
    let sources = r#"[{"id":"a","type":"my-vault","options":{"note":"\u001b[31m\u009b\u202e"}}]"#;
    sandbox.write("program", step("a", sources));
    for format in ["text", "json"] {
        let text = sandbox.ok(["inspect", "program", "--format", format]);
        let is_raw = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!text.contains(is_raw), "{text:?}");
        assert!(text.contains("[31m"), "{text}");
    }
}

#[test]
fn values_of_a_forged_record_are_not_printed() {
    let sandbox = Sandbox::new();
    let options = r#"{"env_vars":{"NAME":"SeNtInEl"}}"#;
    let sources = format!(r#"[{{"id":"a","type":"inline","options":{options}}}]"#);
    sandbox.write("program", step("a", &sources));
    for format in ["text", "json"] {
        let text = sandbox.ok(["inspect", "program", "--format", format]);
        assert!(!text.contains("SeNtInEl") && text.contains("NAME"), "{text}");
    }
}

#[test]
fn a_program_that_is_cut_anywhere_is_read_as_far_as_it_goes() {
    let sandbox = Sandbox::new();
    // Three steps in a program of 16 KB, cut at every 256th byte.
    let parts = ["a", "b", "c"].map(|name| {
        let mut part = vec![0x90; 5000];
        part.extend(step(name, r#"["x"]"#));
        part
    });
    let bytes = parts.concat();
    for cut in (0..bytes.len()).step_by(256) {
        let (found, result) = names(&sandbox, &bytes[..cut]);
        let whole = parts.iter().scan(0, |end, part| {
            *end += part.len();
            Some(*end)
        });
        assert_eq!(found.len(), whole.filter(|end| *end <= cut).count(), "{cut}: {result:?}");
        assert_eq!(result.code, Some(if found.is_empty() { 3 } else { 0 }), "{result:?}");
    }
}

/// The memory is limited to less than the file has.
#[cfg(target_os = "linux")]
#[test]
fn a_sparse_file_of_a_gigabyte_is_read_in_bounded_memory() {
    let sandbox = Sandbox::new();
    let mut file = File::create(sandbox.path().join("core")).unwrap();
    file.write_all(&step("first", "[]")).unwrap();
    file.seek(SeekFrom::Start(1 << 30)).unwrap();
    file.write_all(&step("last", "[]")).unwrap();
    drop(file);
    let script = "ulimit -v 300000; exec \"$0\" inspect core --format json";
    let command = sandbox.command(["inspect"]);
    let mut limited = Command::new("sh");
    limited.args(["-c", script]).arg(command.get_program()).current_dir(sandbox.path());
    let result = CliOutput::new(limited.output().unwrap());
    assert_eq!(result.code, Some(0), "{result:?}");
    assert!(result.text().contains("first") && result.text().contains("last"), "{result:?}");
}

/// A hostile file has many large records, or records of many sources.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_is_full_of_records_is_read_in_bounded_memory() {
    let long =
        format!(r#"[{{"id":"a","type":"mine","options":{{"note":"{}"}}}}]"#, "x".repeat(1_000_000));
    let wide = format!("[{}\"a\"]", "\"a\",".repeat(30_000));
    for (sources, count, said) in
        [(long, 40, "have more than 16 MiB"), (wide, 9, "have more than 200000 sources")]
    {
        let sandbox = Sandbox::new();
        let steps = (0..count).map(|index| step(&format!("step_{index}"), &sources));
        sandbox.write("program", steps.collect::<Vec<_>>().concat());
        let script = "ulimit -v 600000; exec \"$0\" inspect program --format json | wc -l";
        let command = sandbox.command(["inspect"]);
        let mut limited = Command::new("sh");
        limited.args(["-c", script]).arg(command.get_program()).current_dir(sandbox.path());
        let result = CliOutput::new(limited.output().unwrap());
        assert!(result.stderr.contains("skipped at byte"), "{}", result.stderr);
        assert!(result.stderr.contains(said), "{}", result.stderr);
        assert_ne!(result.text().trim(), "0");
    }
}
