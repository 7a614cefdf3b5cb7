//! Manifests in the hands of other programs: hera and kubernetes-validate, and Metaflow's own manifest beside ours.
//!
//! `SECRETS_TEST_PYTHON_MANIFEST` and `SECRETS_TEST_PYTHON_METAFLOW` are Pythons with them; `cargo xtask test` makes them.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use secrets_tests::flow_sandbox::{FlowOutput, FlowSandbox, WITH};

use crate::manifest::deployed;

/// Reads a manifest with hera's model of its kind, and prints what hera makes of it.
const HERA: &str = r#"
import json, sys, yaml
from hera.workflows import models
read = list(yaml.safe_load_all(sys.stdin))
made = []
for document in read:
    model = getattr(models, document["kind"])
    model.model_config["extra"] = "forbid"
    made.append(json.loads(model.model_validate(document).model_dump_json(exclude_none=True, exclude_unset=True, by_alias=True)))
print(json.dumps([read, made]))
"#;

/// Prints the values of the variables V00 and so on of a job.
const VARIABLES: &str = r#"
import json, sys, yaml
job = yaml.safe_load(sys.stdin)
env = job["spec"]["template"]["spec"]["containers"][0]["env"]
print(json.dumps([v["value"] for v in env if v["name"].startswith("V")], default=str))
"#;

/// Prints whether each pod or job is valid, strictly.
const VALIDATE: &str = r#"
import json, sys
import kubernetes_validate
def is_valid(document):
    try:
        kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)
        return True
    except kubernetes_validate.ValidationError:
        return False
print(json.dumps([is_valid(document) for document in json.load(sys.stdin)]))
"#;

/// Returns what a script prints, or `None` if the Python is not there.
fn python(variable: &str, script: &str, input: &str) -> Option<String> {
    let python = std::env::var_os(variable)?;
    let mut child = Command::new(python)
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

/// Returns what is created with all options.
pub fn created(kind: &str, format: &str) -> String {
    let sandbox = FlowSandbox::new();
    let options = [
        kind,
        "create",
        "--image",
        "registry.example/dbflow:1",
        "--namespace",
        "jobs",
        "--service-account",
        "runner",
        "--schedule",
        "0 2 * * *",
        "--timezone",
        "Europe/Berlin",
        "--env",
        "LOG=a: b # 'c' \"d\" \u{e4}\n",
        "--env-from-secret",
        "VAULT_TOKEN=vault/token",
        "--fs-group",
        "1000",
        format,
    ];
    FlowOutput::of(&mut deployed(&sandbox, "dbflow", &[WITH.as_slice(), &options].concat())).ok()
}

#[test]
fn hera_gives_the_manifest_back_unchanged() {
    let manifest = created("argo-workflows", "--only-yaml");
    let Some(read) = python("SECRETS_TEST_PYTHON_MANIFEST", HERA, &manifest) else { return };
    let [read, made]: [Value; 2] = serde_json::from_str(&read).unwrap();
    assert_eq!(read, made);
    // YAML and JSON are one manifest.
    let json: Value = serde_json::from_str(&created("argo-workflows", "--only-json")).unwrap();
    assert_eq!(json["items"], read);
}

#[test]
fn what_looks_like_something_else_is_read_as_a_text() {
    let texts = [
        "0xFF",
        "0XfF",
        "0xdead_beef",
        "0o17",
        "0O7",
        "0b101",
        "017",
        "0_7",
        "1e3",
        "1E5",
        ".5",
        "5.",
        "1_000",
        "12:30:45",
        "2020-01-01",
        "2020-01-01T00:00:00Z",
        "yes",
        "NULL",
        "~",
        ".inf",
        ".NaN",
        "+1",
        "-0x1F",
        "-.inf",
        "=",
        "<<",
        "1,000",
        "0x",
        "a0xFF",
        "1Gi",
        "07f3",
    ];
    let options: Vec<String> =
        texts.iter().enumerate().map(|(index, text)| format!("--env=V{index:02}={text}")).collect();
    let mut arguments = vec!["kubernetes", "create", "--image", "i", "--only-yaml"];
    arguments.extend(options.iter().map(String::as_str));
    let manifest = FlowSandbox::new().run("forms", &arguments).ok();
    let Some(read) = python("SECRETS_TEST_PYTHON_MANIFEST", VARIABLES, &manifest) else { return };
    let read: Vec<Value> = serde_json::from_str(&read).unwrap();
    assert_eq!(read, texts.map(Value::from));
}

/// Returns the pods that the steps of a manifest with a schedule have.
pub fn pods(manifest: &Value) -> Vec<Value> {
    let templates = manifest["items"][0]["spec"]["templates"].as_array().unwrap();
    let pods =
        templates.iter().filter(|template| template["container"].is_object()).map(|template| {
            let mut container = template["container"].clone();
            container["name"] = json!("main");
            let mut spec = json!({"containers": [container]});
            for member in
                ["volumes", "securityContext", "serviceAccountName", "activeDeadlineSeconds"]
            {
                if !template[member].is_null() {
                    spec[member] = template[member].clone();
                }
            }
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec})
        });
    pods.collect()
}

#[test]
fn pods_and_jobs_are_valid() {
    let manifest: Value = serde_json::from_str(&created("argo-workflows", "--only-json")).unwrap();
    let mut documents = pods(&manifest);
    assert_eq!(documents.len(), 3);
    documents.push(serde_json::from_str(&created("kubernetes", "--only-json")).unwrap());
    let mut broken = documents[0].clone();
    broken["spec"]["container"] = json!([]);
    documents.push(broken);
    let input = json!(documents).to_string();
    let Some(valid) = python("SECRETS_TEST_PYTHON_MANIFEST", VALIDATE, &input) else { return };
    assert_eq!(valid.trim(), "[true, true, true, true, false]");
}
