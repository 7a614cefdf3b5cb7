//! How the audit log and `explain` name the sources of programs.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    commands::exec::write_program,
    support::{CliOutput, Sandbox},
};

/// Secrets of both programs, with one id.
const SOURCES: &str = r#"["op.prod/db",
    {"id": "prod/db", "type": "pass", "group": "own", "options": {"env_var_name": "OWN"}}]"#;

/// A folder with two programs that have secrets with one id.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let mut tables = String::new();
    for name in ["op", "pass"] {
        let script = format!("[ $1 != missing ] || exit 44; echo \"SeNtInEl-{name}\"");
        write_program(&sandbox, name, &script);
        let program = sandbox.path().join(name);
        tables += &format!("[backends.{name}]\nexec = [{program:?}, '{{id}}']\nnot_found = 44\n");
    }
    sandbox.write("secrets.toml", tables);
    sandbox
}

fn run(sandbox: &Sandbox, arguments: &[&str]) -> CliOutput {
    let mut command = sandbox.command(arguments);
    command
        .env("SECRETS_CONFIG", sandbox.path().join("secrets.toml"))
        .env("SECRETS_AUDIT", sandbox.path().join("audit.log"));
    CliOutput::new(command.output().unwrap())
}

/// Returns the event, the source and the backend of each line about a source, and the groups that were read.
fn audit(sandbox: &Sandbox, source: &str) -> (BTreeSet<[String; 3]>, Vec<String>) {
    let printed = run(sandbox, &["audit", "--source", source, "--format=json"]);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    let text = printed.text();
    let events: Vec<Value> = text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let of_sources = events.iter().filter(|event| !event["source"].is_null());
    let of_sources = of_sources.map(|it| ["event", "source", "backend"].map(|name| text(it, name)));
    let read = events.iter().filter(|event| event["event"] == "read");
    (of_sources.collect(), read.map(|event| text(event, "group")).collect())
}

#[test]
fn the_sources_of_two_programs_with_one_id_are_told_apart() {
    let sandbox = sandbox();
    assert_eq!(run(&sandbox, &["run", "--sources", SOURCES, "--", "true"]).code, Some(0));
    run(&sandbox, &["get", "prod/db", "--backend", "pass", "--reveal"]);
    let row =
        |event: &str, source: &str, backend: &str| [event, source, backend].map(str::to_owned);
    for (kind, groups) in [("op", &["op.prod/db"][..]), ("pass", &["own", "prod/db"])] {
        let source = format!("{kind}.prod/db");
        let (found, read) = audit(&sandbox, &source);
        assert_eq!(found, BTreeSet::from([row("resolved", &source, kind)]));
        assert_eq!(read, groups, "{kind}");
    }
    let (found, _) = audit(&sandbox, "prod/db");
    assert_eq!(found.len(), 2, "an id alone may be that of any: {found:?}");
}

#[test]
fn a_failure_has_the_source_of_its_program() {
    let sandbox = sandbox();
    let sources = r#"[{"id": "missing", "type": "op"}, {"id": "missing", "type": "pass", "group": "own"},
        {"id": "missing", "type": "pass", "group": "optional", "options": {"required": false}}]"#;
    run(&sandbox, &["resolve", "--sources", sources]).assert_fails(3);
    for kind in ["op", "pass"] {
        let source = format!("{kind}.missing");
        let (found, _) = audit(&sandbox, &source);
        let expected = ["failed", &source, kind].map(str::to_owned);
        assert_eq!(found, BTreeSet::from([expected]), "{source}");
    }
}

#[test]
fn explain_shows_the_source_of_each_program() {
    let sandbox = sandbox();
    assert_eq!(run(&sandbox, &["resolve", "--sources", SOURCES]).code, Some(0));
    let log = std::fs::read_to_string(sandbox.path().join("audit.log")).unwrap();
    let first: Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    let printed = run(&sandbox, &["explain", first["step"].as_str().unwrap(), "--format=json"]);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    let json: Value = serde_json::from_str(&printed.text()).unwrap();
    let sources = json["steps"][0]["sources"].as_array().unwrap();
    let sources: Vec<_> = sources.iter().map(|it| it["source"].as_str().unwrap()).collect();
    assert_eq!(sources, ["op.prod/db", "pass.prod/db"]);
}
