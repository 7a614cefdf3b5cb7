use std::process::Command;

use serde_json::Value;

use secrets_tests::flow_sandbox::{FlowOutput, FlowSandbox, WITH};

/// The settings of a deployment.
const SECRETS_TOML: &str = r#"
[profile.cluster]
default_backend = "aws-secrets-manager"
run_dir = "/tmp"
local_dir = "store"

[profile.cluster.sources.prod-db]
type = "file"
id = "db"
kubernetes_secret = "prod-db"

[profile.cluster.sources.of-nobody]
id = "x"
"#;

pub fn deployed(sandbox: &FlowSandbox, flow: &str, arguments: &[&str]) -> Command {
    sandbox.write("secrets.toml", SECRETS_TOML);
    let mut command = sandbox.bare(flow, &["--secrets-profile", "cluster"]);
    command
        .args(arguments)
        .env("SECRETS_CONFIG", sandbox.path().join("secrets.toml"))
        .env("SECRETS_AWS_REGION", "us-west-2")
        .env("SECRETS_DEFAULT_ROLE", "arn:aws:iam::123456789012:role/SecretsAccess");
    command
}

fn create(kind: &str, more: &[&str]) -> Command {
    let sandbox = FlowSandbox::new();
    let options = [kind, "create", "--image", "registry.example/dbflow:1", "--namespace", "jobs"];
    let arguments =
        [WITH.as_slice(), options.as_slice(), &["--service-account", "runner"], more].concat();
    let mut command = deployed(&sandbox, "dbflow", &arguments);
    // The folder is there until the program has ended.
    command.current_dir("/");
    std::mem::forget(sandbox);
    command
}

fn json(kind: &str, more: &[&str]) -> Value {
    FlowOutput::of(&mut create(kind, &[more, &["--only-json"]].concat())).json()
}

const ENV: [&str; 4] = ["--env", "LOG=info", "--env-from-secret", "VAULT_TOKEN=vault/token"];
const CRON: [&str; 4] = ["--schedule", "0 2 * * *", "--timezone", "Europe/Berlin"];

/// The documents in the file, which is written by hand.
fn expected() -> Vec<&'static str> {
    include_str!("expected.yaml").split("---\n").collect()
}

#[test]
fn the_manifest_is_what_is_written_by_hand() {
    let more = [CRON.as_slice(), &ENV, &["--only-yaml"]].concat();
    let yaml = FlowOutput::of(&mut create("argo-workflows", &more)).ok();
    assert_eq!(yaml, expected()[..2].join("---\n"));
    let job = |more: &[&str]| FlowOutput::of(&mut create("kubernetes", more)).ok();
    assert_eq!(job(&["--only-yaml"]), expected()[2]);
    assert_eq!(job(&[CRON.as_slice(), &["--only-yaml"]].concat()), expected()[3]);
}

#[test]
fn json_is_one_object_or_a_list() {
    assert_eq!(json("argo-workflows", &[])["kind"], "WorkflowTemplate");
    let list = json("argo-workflows", &CRON);
    assert_eq!((&list["kind"], &list["apiVersion"]), (&"List".into(), &"v1".into()));
    assert_eq!(list["items"][1]["spec"]["schedules"], serde_json::json!(["0 2 * * *"]));
    let sorted = |text: &str| {
        let create = &mut create("argo-workflows", &["--only-json"]);
        let output = FlowOutput::of(create).ok();
        assert!(output.find(text).is_some(), "{output}");
        output
    };
    assert_eq!(sorted("apiVersion"), sorted("spec"), "it is stable");
}

#[test]
fn mounted_secrets_of_other_users_have_a_group() {
    let manifest = json("argo-workflows", &["--fs-group", "1000"]);
    let load = &manifest["spec"]["templates"][1];
    assert_eq!(load["securityContext"]["fsGroup"], 1000);
    assert_eq!(load["volumes"][0]["secret"]["defaultMode"], 288);
    // Only where a Secret is.
    assert!(manifest["spec"]["templates"][2]["securityContext"].is_null());
}

#[test]
fn secrets_are_mounted_where_the_backend_looks() {
    let manifest = json("argo-workflows", &["--env", "SECRETS_FILE_DIR=/mnt/secrets"]);
    let load = &manifest["spec"]["templates"][1]["container"];
    assert_eq!(load["volumeMounts"][0]["mountPath"], "/mnt/secrets/db");
}

#[test]
fn what_kubernetes_would_replace_is_escaped() {
    let options = ["--env", "A=$(B) $C $$(D) $$", "--program", "/bin/$(x)"];
    let manifest = json("argo-workflows", &options);
    let load = &manifest["spec"]["templates"][1]["container"];
    assert_eq!(load["env"][0]["value"], "$$(B) $$C $$$$(D) $$$$");
    assert_eq!(load["command"][0], "/bin/$$(x)");
}

#[test]
fn a_variable_can_have_the_value_that_it_has_here() {
    let mut command = create("argo-workflows", &["--env", "LOG", "--only-json"]);
    let manifest = FlowOutput::of(command.env("LOG", "debug")).json();
    let env = &manifest["spec"]["templates"][1]["container"]["env"];
    assert_eq!(env[0], serde_json::json!({"name": "LOG", "value": "debug"}));
}

#[test]
fn a_manifest_is_small() {
    let sandbox = FlowSandbox::new();
    for (format, factor) in [("--only-yaml", 1), ("--only-json", 2)] {
        let create = ["argo-workflows", "create", "--image", "registry.example/dbflow:1", format];
        let text = sandbox.run("dbflow", &create).ok();
        assert!(text.len() <= factor * (3 * 1024 + 2048), "{} {format}", text.len());
    }
}

#[test]
fn a_manifest_with_everything_is_small_too() {
    let options = ["--fs-group", "1000"];
    let manifest = json("argo-workflows", &options);
    let templates = manifest["spec"]["templates"].as_array().unwrap();
    for template in templates {
        let variables = template["container"]["env"].as_array().map_or(0, Vec::len);
        assert!(variables <= 4, "{template}");
    }
    let size = |format| {
        let options = ["--fs-group", "1000", format];
        FlowOutput::of(&mut create("argo-workflows", &options)).ok().len()
    };
    let most = 3 * 1024 + 2048;
    let (yaml, json) = (size("--only-yaml"), size("--only-json"));
    assert!(yaml <= most && json <= 2 * most, "{yaml} {json}");
    // No step is large at the cost of others.
    for template in templates {
        let lines = serde_json::to_string_pretty(template).unwrap();
        let indent = 6 * lines.lines().count();
        assert!(lines.len() + indent <= 2048, "{template}");
    }
}

#[test]
fn an_image_is_needed_where_a_step_has_none() {
    let sandbox = FlowSandbox::new();
    let create = |flow: &str, kind: &str| {
        FlowOutput::of(&mut sandbox.bare(flow, &[kind, "create", "--only-yaml"]))
    };
    let error = create("dbflow", "argo-workflows").failed(2);
    let wanted = "error: the steps `load`, `report` have no image: write --image registry.example/name:tag\n";
    assert_eq!(error, wanted);
    assert!(create("dbflow", "kubernetes").failed(2).contains("has no image"));
    assert!(create("images", "argo-workflows").ok().contains("image: a:1\n"));
}

#[test]
fn warnings_say_what_a_pod_lacks() {
    let sandbox = FlowSandbox::new();
    let create = ["argo-workflows", "create", "--image", "i", "--only-yaml"];
    let local = FlowOutput::of(&mut sandbox.bare("dbflow", &create));
    assert!(local.stderr.contains("warning: the backend is `local`"), "{local:?}");
    let empty = [create.as_slice(), &["--env", "SECRETS_DEFAULT_BACKEND="]].concat();
    let empty = FlowOutput::of(&mut sandbox.bare("dbflow", &empty));
    assert!(empty.stderr.contains("warning: the backend is `local`"), "{empty:?}");
    for option in [
        &["--env", "SECRETS_DEFAULT_BACKEND=env"],
        &["--env", "SECRETS_DEFAULT_BACKEND=local"],
        &["--env-from-secret", "SECRETS_DEFAULT_BACKEND=a/b"],
    ] {
        let mut given = sandbox.bare("dbflow", &[create.as_slice(), option].concat());
        assert_eq!(FlowOutput::of(&mut given).stderr, "");
    }
    // The one who chooses it knows that the image has a store, wherever it is said.
    sandbox.write("local.toml", "default_backend = \"local\"\n");
    let local = |variable: &str, value: &str| {
        FlowOutput::of(sandbox.bare("dbflow", &create).env(variable, value)).stderr
    };
    assert_eq!(local("SECRETS_DEFAULT_BACKEND", "local"), "");
    assert_eq!(local("METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE", "local"), "");
    assert_eq!(local("SECRETS_CONFIG", "local.toml"), "");
    let option = [&["--secrets-backend", "local"], create.as_slice()].concat();
    assert_eq!(FlowOutput::of(&mut sandbox.bare("dbflow", &option)).stderr, "");
    let mut prefect = sandbox.bare("dbflow", &create);
    prefect.env("SECRETS_DEFAULT_BACKEND", "prefect").env("PREFECT_API_KEY", "SeNtInEl");
    let prefect = FlowOutput::of(prefect.env("SECRETS_ZENML_URL", "https://a:SeNtInEl@zenml"));
    assert!(prefect.stderr.contains("PREFECT_API_KEY is set here, and is left out"), "{prefect:?}");
    assert!(prefect.stderr.contains("SECRETS_ZENML_URL is left out"), "{prefect:?}");
    assert!(!prefect.stdout.contains("ZENML"), "{prefect:?}");
    sandbox.write("op.toml", "[backends.op]\nexec = ['/bin/echo']\n[sources]\nprod-db = 'op.db'\n");
    let mut program = sandbox.bare("dbflow", &create);
    program.env("SECRETS_DEFAULT_BACKEND", "env");
    program.env("SECRETS_CONFIG", sandbox.path().join("op.toml"));
    let program = FlowOutput::of(&mut program);
    assert!(program.stderr.contains("warning: the backend `op` is a program"), "{program:?}");
    let mut aws = sandbox.bare("dbflow", &create);
    aws.env("SECRETS_DEFAULT_BACKEND", "env").env("AWS_SECRET_ACCESS_KEY", "SeNtInEl");
    assert_eq!(FlowOutput::of(&mut aws).stderr, "");
}

#[test]
fn the_way_from_this_machine_to_its_cluster_stays_here() {
    let sandbox = FlowSandbox::new();
    let create = ["kubernetes", "create", "--image", "i", "--only-json"];
    let mut command = sandbox.command("dbflow", &create);
    command
        .env("SECRETS_DEFAULT_BACKEND", "env")
        .env("SECRETS_KUBERNETES_URL", "http://127.0.0.1:8001")
        .env("KUBERNETES_SERVICE_HOST", "10.0.0.1")
        .env("KUBERNETES_SERVICE_PORT", "6443")
        .env("VAULT_SKIP_VERIFY", "0");
    let here = FlowOutput::of(&mut command);
    for text in ["127.0.0.1", "KUBERNETES_SERVICE", "SKIP_VERIFY"] {
        assert!(!here.stdout.contains(text), "{here:?}");
    }
    let warning = "warning: SECRETS_KUBERNETES_URL is left out";
    assert!(here.stderr.contains(warning) && !here.stderr.contains("127.0.0.1"), "{here:?}");
    command.args(["--env", "SECRETS_KUBERNETES_URL=https://other"]);
    let given = FlowOutput::of(&mut command);
    assert!(given.stdout.contains("https://other") && !given.stderr.contains("URL"), "{given:?}");
}
