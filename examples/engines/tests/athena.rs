use std::{fs, process::Command};

use crate::sandbox::Sandbox;

/// What cargo-athena must know of the cluster.
const CONFIG: &str = r#"
[artifact_repository.s3]
endpoint = "s3.example"
bucket = "artifacts"
access_key_secret = { name = "s3", key = "access" }
secret_key_secret = { name = "s3", key = "secret" }
"#;

fn program(sandbox: &Sandbox) -> Command {
    sandbox.command(env!("CARGO_BIN_EXE_athena"))
}

#[test]
fn the_manifest_has_settings_and_no_value() {
    let sandbox = Sandbox::new();
    let config = sandbox.engine().join("athena.toml");
    fs::write(&config, CONFIG).unwrap();
    let manifest = sandbox.run(program(&sandbox).env("ATHENA_CONFIG", config));
    for text in ["kind: WorkflowTemplate", "SECRETS_DEFAULT_BACKEND", "serviceAccountName: loader"]
    {
        assert!(manifest.contains(text), "{text}: {manifest}");
    }
    assert!(!manifest.contains("SeNtInEl"), "{manifest}");
}

#[test]
fn a_container_fetches_the_secret_itself() {
    let sandbox = Sandbox::new();
    let output = sandbox.engine().join("output");
    // As cargo-athena's own script starts it in a pod.
    let mut command = program(&sandbox);
    command.env("CARGO_ATHENA_TEMPLATE", "athena-load-rows");
    sandbox.run(command.env("CARGO_ATHENA_OUTPUT", &output).arg("10"));
    assert_eq!(fs::read_to_string(output).unwrap(), "\"10 rows as app-of-prod-db\"");
    sandbox.assert_has_no_secret();
}
