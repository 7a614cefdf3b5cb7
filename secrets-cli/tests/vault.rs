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
        let mut command = self.sandbox.command(arguments);
        command.env("SECRETS_VAULT_ADDR", &self.url).env("VAULT_TOKEN", ROOT);
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
    let rest = database.strip_prefix("postgres://").unwrap();
    let (user, rest) = rest.split_once('@').unwrap();
    let (user, password) = user.split_once(':').unwrap();
    let host = rest.split_once('/').unwrap().0;
    vault.ask("POST", "sys/mounts/database", &json!({ "type": "database" }));
    let config = json!({
        "plugin_name": "postgresql-database-plugin", "allowed_roles": "*", "username": user,
        "password": password,
        "connection_url": format!("postgresql://{{{{username}}}}:{{{{password}}}}@{host}/postgres"),
    });
    vault.ask("POST", "database/config/pg", &config);
    let create = "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}';";
    let role = json!({ "db_name": "pg", "creation_statements": [create], "default_ttl": "1h" });
    vault.ask("POST", "database/roles/cli", &role);
    vault.ask("PUT", "sys/leases/revoke-prefix/database/creds/cli", &json!({}));

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
