//! `trust`, and what a `secrets.toml` that is merely found may not decide.

use std::{io::ErrorKind, net::TcpListener, process::Command};

use crate::support::{CliOutput, Sandbox};

/// A command with no store of its own in the environment.
fn bare(sandbox: &Sandbox, arguments: &[&str]) -> Command {
    let mut command = sandbox.command(arguments);
    command.env_remove("SECRETS_LOCAL_DIR").env_remove("SECRETS_LOCAL_KEY_FILE");
    command
}

fn output(command: &mut Command) -> CliOutput {
    CliOutput::new(command.output().unwrap())
}

/// A folder with this `secrets.toml`, at the root of a repository.
fn repository(text: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path().join(".git")).unwrap();
    sandbox.write("secrets.toml", text);
    sandbox
}

#[test]
fn a_password_is_not_sent_where_a_found_file_says() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    let sandbox = repository(&format!("zenml_url = \"{url}\"\n"));
    sandbox.write("template", "{{zenml.db.password}}");
    for arguments in [
        &["resolve", "zenml.db"][..],
        &["run", "zenml.db", "--", "true"],
        &["check", "zenml.db"],
        &["get", "db", "--backend", "zenml"],
        &["doctor"],
        &["doctor", "--backend", "zenml"],
    ] {
        let mut command = bare(&sandbox, arguments);
        let result = output(command.env("SECRETS_ZENML_PASSWORD", "SeNtInEl"));
        assert_eq!(result.code, Some(5), "{arguments:?}: {result:?}");
        assert!(result.stderr.contains("zenml_url"), "{arguments:?}: {result:?}");
        assert!(result.stderr.contains("secrets trust "), "{arguments:?}: {result:?}");
        assert!(!format!("{result:?}").contains("SeNtInEl"), "{arguments:?}");
        let none = server.accept().expect_err("nobody comes");
        assert_eq!(none.kind(), ErrorKind::WouldBlock, "{arguments:?}");
    }
}

#[test]
fn a_login_to_vault_is_not_what_a_found_file_says() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    for line in [
        "vault_auth_mount = \"attacker\"",
        "vault_namespace = \"attacker\"",
        "vault_auth = \"jwt\"",
        "vault_role = \"attacker\"",
    ] {
        let sandbox = repository(&format!("{line}\n"));
        let (key, _) = line.split_once(' ').unwrap();
        for arguments in [&["resolve", "vault.kv/db"][..], &["get", "kv/db", "--backend", "vault"]]
        {
            let mut command = bare(&sandbox, arguments);
            command.env("SECRETS_VAULT_ADDR", &url).env("SECRETS_VAULT_ROLE_ID", "SeNtInEl-role");
            command.env("SECRETS_VAULT_SECRET_ID", "SeNtInEl");
            let result = output(&mut command);
            assert_eq!(result.code, Some(5), "{arguments:?}: {result:?}");
            assert!(result.stderr.contains(key), "{arguments:?}: {result:?}");
            assert!(result.stderr.contains("secrets trust "), "{arguments:?}: {result:?}");
            assert!(!format!("{result:?}").contains("SeNtInEl"), "{arguments:?}");
        }
        let none = server.accept().expect_err("nobody comes");
        assert_eq!(none.kind(), ErrorKind::WouldBlock, "{line}");
    }
}

#[test]
fn the_environments_own_address_goes_on_working_and_so_does_a_trusted_one() {
    let url = "http://127.0.0.1:1";
    let sandbox = repository("zenml_url = \"http://127.0.0.1:2\"\n");
    let resolve = || {
        let mut command = bare(&sandbox, &["resolve", "zenml.db"]);
        command.env("SECRETS_ZENML_PASSWORD", "SeNtInEl");
        command
    };
    // Nothing listens there, which is found out by asking.
    assert_eq!(output(resolve().env("SECRETS_ZENML_URL", url)).code, Some(6));
    assert_eq!(output(&mut resolve()).code, Some(5));
    let config = sandbox.path().join("secrets.toml");
    assert_eq!(output(resolve().env("SECRETS_CONFIG", config)).code, Some(6));
    let trusted = output(&mut bare(&sandbox, &["trust"]));
    assert_eq!(trusted.code, Some(0), "{trusted:?}");
    assert!(trusted.stderr.contains("zenml_url"), "{trusted:?}");
    assert_eq!(output(&mut resolve()).code, Some(6));
    sandbox.write("secrets.toml", "zenml_url = \"http://127.0.0.1:3\"\n");
    assert_eq!(output(&mut resolve()).code, Some(5), "a changed file is trusted again");
    assert_eq!(output(&mut bare(&sandbox, &["trust", "secrets.toml"])).code, Some(0));
    assert_eq!(output(&mut resolve()).code, Some(6));
    assert_eq!(output(&mut bare(&sandbox, &["trust", ".", "--forget"])).code, Some(0));
    assert_eq!(output(&mut resolve()).code, Some(5));
    output(&mut bare(&sandbox, &["trust", "--forget"])).assert_fails(3);
}

#[test]
fn a_found_file_chooses_no_store_no_key_and_no_value() {
    let sandbox = repository("local_dir = \"store\"\nlocal_key_file = \"key.jwk\"\n");
    let register = || bare(&sandbox, &["register", "prod", "--password=SeNtInEl"]);
    let refused = output(&mut register());
    refused.assert_fails(5);
    assert!(refused.stderr.contains("local_dir") && refused.stderr.contains("local_key_file"));
    assert!(!sandbox.path().join("store").exists() && !sandbox.path().join("key.jwk").exists());
    // What the environment sets instead is used.
    sandbox.ok(["register", "prod", "--password=SeNtInEl"]);
    assert_eq!(output(&mut bare(&sandbox, &["trust"])).code, Some(0));
    assert_eq!(output(&mut register()).code, Some(5), "the store and the key exist already");

    let sandbox = repository(
        "[sources.prod-db]\ntype = \"inline\"\nid = \"x\"\noptions = { env_vars = { host = \"evil.example\" } }\n",
    );
    sandbox.write("template", "{{prod-db.host}}");
    for arguments in [
        &["resolve", "prod-db"][..],
        &["run", "prod-db", "--", "true"],
        &["render", "template"],
        &["check", "prod-db"],
    ] {
        let result = sandbox.run(arguments);
        assert_eq!(result.code, Some(5), "{arguments:?}: {result:?}");
        assert!(result.stderr.contains("inline") && result.stderr.contains("secrets.toml"));
        assert!(!format!("{result:?}").contains("evil.example"), "{arguments:?}: {result:?}");
    }
    let trusted = sandbox.ok(["trust", "--format=json"]);
    let trusted: serde_json::Value = serde_json::from_str(&trusted).unwrap();
    assert_eq!(trusted["decides"], serde_json::json!(["sources.prod-db"]));
    assert_eq!(sandbox.ok(["render", "template"]), "evil.example");
}

#[test]
fn a_file_that_is_not_there_or_has_mistakes_is_not_trusted() {
    let sandbox = repository("zenml_url = SeNtInEl");
    let wrong = output(&mut bare(&sandbox, &["trust"]));
    wrong.assert_fails(5);
    assert!(wrong.stderr.contains("it is not TOML"), "{wrong:?}");
    std::fs::remove_file(sandbox.path().join("secrets.toml")).unwrap();
    let missing = output(&mut bare(&sandbox, &["trust"]));
    missing.assert_fails(5);
    assert!(missing.stderr.contains("no secrets.toml"), "{missing:?}");
}
