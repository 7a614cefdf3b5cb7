//! The `secrets` command with OpenBao (`SECRETS_TEST_OPENBAO_URL`) and PostgreSQL (`SECRETS_TEST_POSTGRES_URL`).
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test ends at the first surprise")]

#[allow(dead_code, reason = "the tests of the other backends use more of it")]
mod support;

#[cfg(target_os = "linux")]
use std::{
    io,
    net::TcpListener,
    process::Command,
    sync::mpsc::{self, Receiver, Sender},
    thread,
    time::Duration,
};
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

    /// Writes a policy, and returns a token that has it.
    fn token_with(&self, policy: &str) -> String {
        let body = json!({ "policy": policy });
        self.ask("PUT", "sys/policies/acl/of-the-code", &body);
        let body = json!({ "policies": ["of-the-code"], "ttl": "10m" });
        let answer = self.ask("POST", "auth/token/create", &body);
        answer["auth"]["client_token"].as_str().unwrap().to_owned()
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

/// Returns the address of the server behind a relay that passes no revocation on. It says when one has come.
#[cfg(target_os = "linux")]
fn without_revocations(url: &str) -> (String, Receiver<()>) {
    let server = url.strip_prefix("http://").unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = format!("http://{}", listener.local_addr().unwrap());
    let (revoked, revocation) = mpsc::channel();
    // They end with the process.
    thread::spawn(move || {
        for client in listener.incoming().map(Result::unwrap) {
            let server = TcpStream::connect(&server).unwrap();
            let (mut answers, mut to_client) =
                (server.try_clone().unwrap(), client.try_clone().unwrap());
            thread::spawn(move || io::copy(&mut answers, &mut to_client));
            let revoked = revoked.clone();
            thread::spawn(move || pass_on(client, server, &revoked));
        }
    });
    (relay, revocation)
}

/// Passes requests on until one is a revocation.
#[cfg(target_os = "linux")]
fn pass_on(mut client: TcpStream, mut server: TcpStream, revoked: &Sender<()>) {
    let mut piece = [0; 4096];
    while let Ok(length @ 1..) = client.read(&mut piece) {
        let request = String::from_utf8_lossy(&piece[..length]);
        if request.lines().next().is_some_and(|line| line.contains("/revoke")) {
            let _ = revoked.send(());
            // The client waits for its answer.
            thread::park();
        }
        server.write_all(&piece[..length]).unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_a_command_that_waits_for_a_revocation_when_its_program_has_ended_or_does_not_exist()
 {
    use std::os::unix::process::ExitStatusExt;

    let Some(vault) = Vault::start() else { return };
    let Some(database) = variable("SECRETS_TEST_POSTGRES_URL") else { return };
    vault.make_role(&database, "interrupted");
    let (url, revocation) = without_revocations(&vault.url);
    for program in ["true", "/no/such/program"] {
        let arguments = ["run", "--mask", "vault.database/creds/interrupted", "--", program];
        let mut command = vault.sandbox.command_with_signals("--default-signal=INT", &arguments);
        command.env("SECRETS_VAULT_ADDR", &url).env("VAULT_TOKEN", ROOT);
        let mut child = command.spawn().unwrap();
        revocation.recv_timeout(Duration::from_secs(60)).expect("a revocation");
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(2), "{program}");
    }
}

/// Returns a program with a step for each of these sources, as the macros write it.
fn program(sources: &[&str]) -> Vec<u8> {
    let start: String = ['\u{2}', 's', 'e', 'c', 'r', 'e', 't', 's'].iter().collect();
    let step = |(index, source): (usize, &&str)| {
        format!(
            "{start}-step-1:{{\"step\":\"step{index}\",\"module\":\"app\",\"file\":\"f\",\"line\":1,\"sources\":[{source}]}}\u{3}"
        )
    };
    sources.iter().enumerate().map(step).collect::<String>().into_bytes()
}

#[test]
fn steps_run_with_exactly_the_printed_policy_and_with_one_rule_less_one_is_denied() {
    let Some(vault) = Vault::start() else { return };
    for (mount, version) in [("policy-one", "1"), ("policy-two", "2")] {
        vault.ask("DELETE", &format!("sys/mounts/{mount}"), &Value::Null);
        let body = json!({ "type": "kv", "options": { "version": version } });
        vault.ask("POST", &format!("sys/mounts/{mount}"), &body);
    }
    let value = json!({ "password": "SeNtInEl" });
    for path in ["policy-one/app/db", "policy-two/data/app/db", "policy-two/data/app/api"] {
        let body = if path.contains("data") { json!({ "data": value }) } else { value.clone() };
        // A new KV of version 2 takes a moment.
        let is_written = || vault.ask("POST", path, &body)["errors"].is_null();
        assert!((0..100).any(|_| is_written()), "{path}");
    }
    let mut sources = vec![
        r#"{"id":"policy-one/app/db","type":"vault","options":{"kv":1}}"#,
        r#"{"id":"policy-two/app/db","type":"vault"}"#,
        r#"{"id":"policy-two/app/api","type":"vault"}"#,
    ];
    let dynamic = r#"{"id":"database/creds/policy","type":"vault"}"#;
    if let Some(database) = variable("SECRETS_TEST_POSTGRES_URL") {
        vault.make_role(&database, "policy");
        sources.push(dynamic);
    }
    vault.sandbox.write("program", program(&sources));
    let policy = vault.ok(&["policy", "program", "--format=vault"]).text();
    let rules: Vec<&str> = policy.split_inclusive("}\n").collect();
    assert_eq!(rules.len(), sources.len() + usize::from(sources.contains(&dynamic)), "{policy}");

    let resolve = |token: &str, source: &str| {
        vault.run_as(token, &["resolve", "--sources", &format!("[{source}]")])
    };
    let token = vault.token_with(&policy);
    for source in &sources {
        let result = resolve(&token, source);
        assert_eq!((result.code, vault.leases("policy")), (Some(0), 0), "{source}: {result:?}");
    }
    // Nothing else is permitted.
    vault.ask("POST", "policy-two/data/app/other", &json!({ "data": value }));
    let other = r#"{"id":"policy-two/app/other","type":"vault"}"#;
    assert_eq!(resolve(&token, other).code, Some(4));

    for (left_out, rule) in rules.iter().enumerate() {
        let rest = rules.iter().enumerate().filter(|(index, _)| *index != left_out);
        let token = vault.token_with(&rest.map(|(_, rule)| *rule).collect::<String>());
        let codes: Vec<_> = sources.iter().map(|source| resolve(&token, source).code).collect();
        if rule.contains("sys/leases/revoke") {
            assert_eq!(vault.leases("policy"), 1, "a lease that cannot be revoked stays");
            continue;
        }
        let denied = codes.iter().filter(|code| **code == Some(4)).count();
        let fine = codes.iter().filter(|code| **code == Some(0)).count();
        assert_eq!((denied, fine), (1, codes.len() - 1), "{rule}: {codes:?}");
    }
}
