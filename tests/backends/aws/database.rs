//! The example `db_flow` against a real PostgreSQL (`SECRETS_TEST_POSTGRES_URL`): with the local store, then with
//! AWS (`SECRETS_TEST_MOTO_URL`), by the same program with the same arguments.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use secrets_runtime::{
    Backend, Payload, SecretValue,
    backends::{AwsSecretsManager, Local},
};
use secrets_tests::http::server;
use serde_json::{Value, json};

use crate::setup::aws;

/// The secret of Metaflow's own example.
const SECRET: &str = "test-db-credentials";
const WITH: &str = r#"secrets:sources=["test-db-credentials"]"#;

/// The parts of the database's address, `postgres://USER:PASSWORD@HOST:PORT/NAME`.
fn credentials(url: &str) -> Value {
    let parts = url.strip_prefix("postgres://").unwrap().split(['@', '/', ':']);
    let [user, password, host, port, name] = parts.collect::<Vec<_>>().try_into().unwrap();
    json!({
        "DB_USER": user, "DB_PASSWORD": password, "DB_NAME": name, "DB_HOST": host,
        "DB_PORT": port.parse::<u16>().unwrap(),
    })
}

/// The example, which must be built already: `cargo build -p secrets-examples --example db_flow --features
/// aws,flow,postgres`.
fn example() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let path = own.ancestors().nth(2).unwrap().join("examples/db_flow");
    let path = path.with_extension(std::env::consts::EXE_EXTENSION);
    assert!(path.exists(), "it is not built: {}", path.display());
    path
}

/// Runs it in a folder, with this environment alone.
fn run(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(example());
    command.args(arguments).current_dir(folder).env_clear().env("HOME", folder);
    command.envs(environment.iter().copied()).output().unwrap()
}

async fn put(backend: &dyn Backend, credentials: &Value) {
    let payload = Payload::Json(SecretValue::from(credentials.to_string()));
    backend.as_store().unwrap().put(SECRET, payload).await.unwrap();
}

#[track_caller]
fn is_connected(output: &Output, user: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(stdout, format!("start | connected as {user} to postgres\nend | done\n"));
    assert!(!text.contains("SeNtInEl"), "a value is shown");
}

#[tokio::test]
async fn the_same_step_connects_with_the_local_store_and_with_aws() {
    let Some(database) = server("SECRETS_TEST_POSTGRES_URL") else { return };
    let credentials = credentials(&database);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (store, key) = (path("store"), path("key.jwk"));
    let at_home = [("SECRETS_LOCAL_DIR", store.as_str()), ("SECRETS_LOCAL_KEY_FILE", &key)];
    put(&Local::new(&store, &key), &credentials).await;
    // The name of the user is a field of the secret.
    is_connected(&run(folder.path(), &["--with", WITH, "run"], &at_home), "***");

    // With nothing attached it reads the environment, as one develops with Metaflow.
    let variable = |name: &str| credentials[name].to_string().trim_matches('"').to_owned();
    let names = ["DB_USER", "DB_PASSWORD", "DB_NAME", "DB_HOST", "DB_PORT"];
    let values = names.map(variable);
    let environment: Vec<_> = names.into_iter().zip(values.iter().map(String::as_str)).collect();
    is_connected(&run(folder.path(), &["run"], &environment), "tester");

    let Some(url) = server("SECRETS_TEST_MOTO_URL") else { return };
    let manager: AwsSecretsManager = aws(&url);
    put(&manager, &credentials).await;
    // A profile says where the secret is.
    let profile = "[profile.cluster]\ndefault_backend = \"aws-secrets-manager\"\naws_region = \"us-east-1\"\n";
    std::fs::write(folder.path().join("secrets.toml"), profile).unwrap();
    let config = path("secrets.toml");
    let deployed = [
        ("SECRETS_CONFIG", config.as_str()),
        ("AWS_ENDPOINT_URL", &url),
        ("AWS_ACCESS_KEY_ID", "CALLER"),
        ("AWS_SECRET_ACCESS_KEY", "SeNtInEl-key"),
    ];
    let cluster = ["--secrets-profile", "cluster", "--with", WITH];
    is_connected(&run(folder.path(), &[cluster.as_slice(), &["run"]].concat(), &deployed), "***");
    let create = ["argo-workflows", "create", "--image", "i", "--only-yaml"];
    let written = run(folder.path(), &[cluster.as_slice(), &create].concat(), &deployed);
    let manifest = String::from_utf8(written.stdout).unwrap();
    assert!(written.status.success() && !manifest.contains("SeNtInEl"), "{manifest}");
    assert!(
        manifest.contains("value: aws-secrets-manager") && manifest.contains(WITH),
        "{manifest}"
    );
}

#[tokio::test]
async fn a_wrong_password_and_a_missing_secret_are_reported_without_a_value() {
    let Some(database) = server("SECRETS_TEST_POSTGRES_URL") else { return };
    let mut credentials = credentials(&database);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (store, key) = (path("store"), path("key.jwk"));
    let local = [("SECRETS_LOCAL_DIR", store.as_str()), ("SECRETS_LOCAL_KEY_FILE", &key)];
    let text = |with: &str| {
        let output = run(folder.path(), &["--with", with, "run"], &local);
        assert!(!output.status.success() && output.stdout.is_empty());
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!text.contains("SeNtInEl"), "a value is shown");
        text
    };
    credentials["DB_PASSWORD"] = json!("SeNtInEl-wrong");
    put(&Local::new(&store, &key), &credentials).await;
    assert!(text(WITH).contains("password authentication failed"));
    assert!(text(r#"secrets:sources=["another"]"#).contains("another"));
}
