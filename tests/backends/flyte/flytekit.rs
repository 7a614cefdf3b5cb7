//! Variables and files that both flytekit and this library read, with one result.
//!
//! `SECRETS_TEST_PYTHON_FLYTE` is the path of a Python with flytekit; `cargo xtask test` makes one.

use std::io::Write;

use serde_json::{Value, json};

use super::container::Container;

/// Reads each triple of its standard input as a task does, and writes what it finds, or null.
const READ: &str = r#"
import json, sys
from flytekit.core.context_manager import ExecutionState, FlyteContextManager, SecretsManager
context = FlyteContextManager.current_context()
state = context.new_execution_state().with_params(mode=ExecutionState.Mode.TASK_EXECUTION)
found = []
with FlyteContextManager.with_context(context.with_execution_state(state)):
    for asked in json.load(sys.stdin):
        try:
            found.append(SecretsManager().get(asked["group"], asked["key"], asked["group_version"]))
        except ValueError:
            found.append(None)
print(json.dumps(found))
"#;

fn triples() -> Vec<Value> {
    let arn = "arn:aws:secretsmanager:us-west-2:123456789012:secret:";
    [
        (Some("Db"), Some("Password"), None),
        (Some("db"), Some("user"), None),
        (Some("db"), Some("password"), Some("V2")),
        (Some("db"), Some("password"), Some("v3")),
        (None, Some("Token"), None),
        (Some("Main"), None, Some("1")),
        (Some("solo"), None, None),
        (Some("path/To"), Some("Key.Of-it"), None),
        (Some(arn), Some("Prod/Db-AbCdEf"), None),
        (Some(arn.trim_end_matches(':')), Some("Prod/Db-AbCdEf"), None),
        (Some("ΑΣ"), Some("İß"), None),
        (Some("empty"), Some("k"), None),
        (Some("blank"), Some("k"), None),
        (Some("newline"), Some("k"), None),
        (Some("missing"), Some("k"), None),
    ]
    .map(|(group, key, version)| json!({ "group": group, "key": key, "group_version": version }))
    .into()
}

/// What a Kubernetes pod, GCP's and AWS's injectors would have put there.
fn container() -> Container {
    let arn = "arn:aws:secretsmanager:us-west-2:123456789012:secret";
    Container::new()
        .file("secrets/db/password", "SeNtInEl-file")
        .file("secrets/db/v2/password", "SeNtInEl-v2")
        .file("secrets/db/user", "SeNtInEl-hidden by the variable")
        .file("secrets/main/1", "SeNtInEl-gcp")
        .file("secrets/solo", "SeNtInEl-solo")
        .file("secrets/path/to/key.of-it", "SeNtInEl-path")
        .file(format!("secrets/{arn}:/prod/db-abcdef"), "SeNtInEl-arn")
        .file("secrets/ας/i\u{307}ß", "SeNtInEl-unicode")
        .file("secrets/empty/k", "")
        .file("secrets/newline/k", "SeNtInEl-newline\n")
        .variable("_FSEC_DB_USER", "SeNtInEl-variable")
        .variable("_FSEC_TOKEN", "SeNtInEl-token\n")
        .variable("_FSEC_BLANK_K", "")
        .variable("MISSING_K", "SeNtInEl-bare")
        .variable("FLYTE_SECRETS_DEFAULT_DIR", "secrets")
}

#[test]
fn flytekit_finds_what_we_find() {
    let Some(python) = std::env::var_os("SECRETS_TEST_PYTHON_FLYTE") else {
        println!("SECRETS_TEST_PYTHON_FLYTE is not set: flytekit itself is not asked");
        return;
    };
    let with_prefixes = container()
        .file("secrets/db/pre-password", "SeNtInEl-prefixed")
        .variable("_OURS_DB_USER", "SeNtInEl-own")
        .variable("FLYTE_SECRETS_FILE_PREFIX", " pre-")
        .variable("FLYTE_SECRETS_ENV_PREFIX", "_OURS_ ");
    for (container, least) in [(container(), 12), (with_prefixes, 2)] {
        let theirs = ask_flytekit(&container, &python);
        let found = theirs.iter().filter(|value| !value.is_null()).count();
        assert!(found >= least, "flytekit finds {found}");
        for (asked, theirs) in triples().iter().zip(theirs) {
            let ours = container.request(asked);
            let same = match (&ours, theirs.as_str()) {
                (Ok(ours), Some(theirs)) => ours == theirs.as_bytes(),
                (Err((kind, _)), None) => kind == "NotFound",
                _ => false,
            };
            let which = (ours.is_ok(), theirs.is_string());
            assert!(same, "{asked}: found by us and by flytekit: {which:?}");
        }
    }
}

fn ask_flytekit(container: &Container, python: &std::ffi::OsStr) -> Vec<Value> {
    let mut child = container
        .command(python)
        .args(["-c", READ])
        .env("HOME", container.folder())
        .env("PYTHONUTF8", "1")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let asked = Value::from(triples()).to_string();
    child.stdin.take().unwrap().write_all(asked.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
