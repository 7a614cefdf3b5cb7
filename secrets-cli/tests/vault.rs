//! The `secrets` command with OpenBao (`SECRETS_TEST_OPENBAO_URL`) and PostgreSQL (`SECRETS_TEST_POSTGRES_URL`).
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test ends at the first surprise")]

#[allow(dead_code, reason = "the tests of the other backends use more of it")]
mod support;

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::{Value, json};
use support::{CliOutput, Sandbox};

/// The root token that `cargo xtask` starts the server with.
const ROOT: &str = "SeNtInEl-openbao-root";

struct Vault {
    sandbox: Sandbox,
    url: String,
}

impl Vault {
    fn start() -> Option<Self> {
        let url = variable("SECRETS_TEST_OPENBAO_URL")?;
        Some(Self { sandbox: Sandbox::new(), url })
    }

    fn run(&self, arguments: &[&str]) -> CliOutput {
        self.run_as(ROOT, arguments)
    }

    fn run_as(&self, token: &str, arguments: &[&str]) -> CliOutput {
        let mut command = self.sandbox.command(arguments);
        command.env("SECRETS_VAULT_ADDR", &self.url).env("VAULT_TOKEN", token);
        CliOutput::new(command.output().unwrap())
    }

    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> CliOutput {
        let result = self.run(arguments);
        assert_eq!(result.code, Some(0), "{result:?}");
        result
    }

    /// Asks the server as root.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let host = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        write!(
            stream,
            "{method} /v1/{path} HTTP/1.0\r\nx-vault-token: {ROOT}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap_or(Value::Null)
    }

    /// Makes a role of the engine for this database.
    fn make_role(&self, database: &str, role: &str) {
        let rest = database.strip_prefix("postgres://").unwrap();
        let (user, rest) = rest.split_once('@').unwrap();
        let (user, password) = user.split_once(':').unwrap();
        let host = rest.split_once('/').unwrap().0;
        let address = format!("postgresql://{{{{username}}}}:{{{{password}}}}@{host}/postgres");
        self.ask("POST", "sys/mounts/database", &json!({ "type": "database" }));
        let config = json!({
            "plugin_name": "postgresql-database-plugin", "allowed_roles": "*", "username": user,
            "password": password, "connection_url": address,
        });
        // Tests that do so at one moment are in each other's way.
        let is_set = || self.ask("POST", "database/config/pg", &config)["errors"].is_null();
        assert!((0..100).any(|_| is_set()), "the database is configured");
        let create = "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}';";
        let made = json!({ "db_name": "pg", "creation_statements": [create], "default_ttl": "1h" });
        self.ask("POST", &format!("database/roles/{role}"), &made);
        let prefix = format!("sys/leases/revoke-prefix/database/creds/{role}");
        self.ask("PUT", &prefix, &json!({}));
    }

    fn leases(&self, role: &str) -> usize {
        let path = format!("sys/leases/lookup/database/creds/{role}?list=true");
        self.ask("GET", &path, &Value::Null)["data"]["keys"].as_array().map_or(0, Vec::len)
    }
}

fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    if value.is_none() {
        println!("skipped: {name} is not set");
    }
    value
}

#[test]
fn secrets_of_kv_are_registered_read_changed_renamed_exported_and_deleted() {
    let Some(vault) = Vault::start() else { return };
    vault.ask("DELETE", "sys/mounts/cli", &Value::Null);
    vault.ask("POST", "sys/mounts/cli", &json!({ "type": "kv", "options": { "version": "1" } }));
    let backend = ["--backend", "vault"];
    let run = |arguments: &[&str]| vault.run(&[arguments, &backend].concat());
    let ok = |arguments: &[&str]| vault.ok(&[arguments, &backend].concat());
    let text = |output: CliOutput| String::from_utf8(output.stdout).unwrap();
    let registered = ok(&["register", "cli/team/db", "--user=app", "--password=SeNtInEl-1"]);
    assert!(registered.stderr.contains("registered `cli/team/db` in vault"), "{registered:?}");
    assert_eq!(run(&["register", "cli/team/db", "--user=x"]).code, Some(5));
    assert_eq!(text(ok(&["get", "cli/team/db"])), "password=***\nuser=***\n");
    ok(&["update", "cli/team/db", "--password=SeNtInEl-2"]);
    let revealed = ok(&["get", "cli/team/db", "password", "--reveal"]);
    assert_eq!(text(revealed), "SeNtInEl-2");
    ok(&["rename", "cli/team/db", "cli/db"]);
    let listed = text(ok(&["list"]));
    assert!(listed.lines().any(|line| line == "cli/db") && !listed.contains("cli/team"));
    let exported = text(ok(&["export", "cli/db"]));
    let run_program = vault.ok(&["run", "vault.cli/db", "--", "printenv", "password"]);
    assert_eq!(text(run_program), "SeNtInEl-2\n");
    ok(&["delete", "cli/db", "--yes"]);
    assert_eq!(run(&["get", "cli/db"]).code, Some(3));
    vault.sandbox.write("all.json", exported);
    ok(&["import", "all.json"]);
    assert!(text(ok(&["list"])).contains("cli/db"));
    let plain = run(&["register", "cli/plain", "--plain=SeNtInEl"]);
    assert!(plain.code == Some(1) && !plain.stderr.contains("SeNtInEl"), "{plain:?}");
    let doctor = text(vault.run(&["doctor"]));
    let row = format!("  vault: reachable: the Vault server at {}, as token", vault.url);
    assert!(doctor.contains(&row) && !doctor.contains("SeNtInEl"), "{doctor}");
}

#[test]
fn what_is_not_revealed_is_given_back_and_what_is_revealed_is_left_to_its_time() {
    let Some(vault) = Vault::start() else { return };
    let Some(database) = variable("SECRETS_TEST_POSTGRES_URL") else { return };
    vault.make_role(&database, "cli");

    let source = "vault.database/creds/cli";
    for hidden in [
        &["resolve", source][..],
        &["get", "database/creds/cli", "--backend", "vault"],
        &["check", source],
        &["check", "--level", "SECRET_EXISTS", source],
    ] {
        vault.ok(hidden);
        assert_eq!(vault.leases("cli"), 0, "{hidden:?}");
    }
    let (name, of_vault) = ("database/creds/cli", ["--backend", "vault"]);
    for failing in [
        &["get", name, "no-field"][..],
        &["get", name, "no-field", "--reveal"],
        &["export", name, "no/such"],
        &["export", name, "--output", "/no/such/folder/file"],
        &["update", name, "--a=SeNtInEl"],
        &["update", name, "--remove=no-field"],
        &["rename", name, name],
    ] {
        let result = vault.run(&[failing, &of_vault].concat());
        assert!(result.code != Some(0) && result.code != Some(2), "{failing:?}: {result:?}");
        assert_eq!(vault.leases("cli"), 0, "{failing:?}");
    }
    vault.sandbox.write("template", "{{vault.database/creds/cli.username}}");
    for failing in [
        &["render", "template", "--output", "/no/such/folder/file"][..],
        &["run", source, "--", "/no/such/program"],
        &["lock", source, "a.b"],
    ] {
        let result = vault.run(failing);
        assert!(result.code != Some(0) && result.code != Some(2), "{failing:?}: {result:?}");
        assert_eq!(vault.leases("cli"), 0, "{failing:?}");
    }
    vault.ok(&["lock", source]);
    assert_eq!(vault.leases("cli"), 0, "lock");
    let note = "note: nobody renews the value of `database/creds/cli`, which ends ";
    for (count, revealed) in [
        &["run", source, "--", "printenv", "username"][..],
        &["resolve", source, "--reveal"],
        &["get", "database/creds/cli", "username", "--reveal", "--backend", "vault"],
    ]
    .into_iter()
    .enumerate()
    {
        let output = vault.ok(revealed);
        assert!(output.stderr.contains(note), "{output:?}");
        assert_eq!(vault.leases("cli"), count + 1, "{revealed:?}");
    }
}

#[test]
fn a_policy_that_the_command_prints_permits_what_the_steps_read_and_nothing_else() {
    let Some(vault) = Vault::start() else { return };
    let Some(database) = variable("SECRETS_TEST_POSTGRES_URL") else { return };
    vault.make_role(&database, "policy");
    for (mount, version) in [("cli-one", "1"), ("cli-two", "2")] {
        vault.ask("DELETE", &format!("sys/mounts/{mount}"), &Value::Null);
        let engine = json!({ "type": "kv", "options": { "version": version } });
        vault.ask("POST", &format!("sys/mounts/{mount}"), &engine);
        for name in ["db", "other"] {
            let id = format!("{mount}/{name}");
            // A new KV of version 2 takes a moment.
            let registered = || vault.run(&["register", &id, "--x=SeNtInEl", "--backend", "vault"]);
            assert!((0..100).any(|_| registered().code == Some(0)), "{id}");
        }
    }
    let sources = json!([
        { "id": "cli-one/db", "type": "vault", "options": { "kv": 1 } },
        { "id": "cli-two/db", "type": "vault" },
        { "id": "database/creds/policy", "type": "vault" },
    ]);
    let step = json!({
        "step": "load", "module": "app", "file": "src/main.rs", "line": 1, "sources": sources,
    });
    vault.sandbox.write("program", format!("\u{2}secrets-step-1:{step}\u{3}"));
    let policy = vault.ok(&["policy", "program", "--format", "vault"]).text();
    let put = |policy: &str| {
        vault.ask("PUT", "sys/policies/acl/cli-printed", &json!({ "policy": policy }));
    };
    put(&policy);
    let token = vault.ask("POST", "auth/token/create", &json!({ "policies": ["cli-printed"] }));
    let token = token["auth"]["client_token"].as_str().unwrap();
    let read = |source: &str| vault.run_as(token, &["resolve", source]);
    let all = ["vault.cli-one/db", "vault.cli-two/db", "vault.database/creds/policy"];
    for source in all {
        let result = read(source);
        assert_eq!(result.code, Some(0), "{source}: {result:?}");
        assert!(!result.stderr.contains("warning"), "{result:?}");
    }
    assert_eq!(vault.leases("policy"), 0, "it may give them back");
    for other in ["vault.cli-one/other", "vault.cli-two/other", "vault.database/creds/cli"] {
        assert_eq!(read(other).code, Some(4), "{other}");
    }
    // With one path less a step is denied.
    for (source, path) in
        all.into_iter().zip(["cli-one/db", "cli-two/data/db", "database/creds/policy"])
    {
        assert!(policy.contains(path), "{policy}");
        put(&policy.replace(path, "nothing"));
        assert_eq!(read(source).code, Some(4), "{source}");
    }
}
