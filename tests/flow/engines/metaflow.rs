use std::process::{Command, Stdio};

use serde_json::Value;

use secrets_tests::flow_sandbox::{FlowOutput, FlowSandbox, WITH};

/// Where Metaflow uploads the flow's code.
const BUCKET: &str = "metaflow-flows";

/// Returns Metaflow's own manifest of the flow.
fn written_by_metaflow(sandbox: &FlowSandbox) -> Option<Value> {
    let python = std::env::var_os("SECRETS_TEST_PYTHON_METAFLOW")?;
    let moto = std::env::var("SECRETS_TEST_MOTO_URL").ok()?;
    let run = |arguments: &[&str]| {
        let output = Command::new(&python)
            .args(arguments)
            .current_dir(sandbox.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", sandbox.path())
            .env("METAFLOW_HOME", sandbox.path())
            .env("USERNAME", "tester")
            .env("METAFLOW_DATASTORE_SYSROOT_S3", format!("s3://{BUCKET}/x"))
            .env("METAFLOW_S3_ENDPOINT_URL", &moto)
            .env("METAFLOW_SERVICE_URL", &moto)
            .env("AWS_ACCESS_KEY_ID", "x")
            .env("AWS_SECRET_ACCESS_KEY", "y")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let make_bucket = format!(
        "import boto3; boto3.client('s3', endpoint_url='{moto}').create_bucket(Bucket='{BUCKET}')"
    );
    run(&["-c", &make_bucket]);
    sandbox.write("dbflow.py", include_str!("metaflow.py"));
    let stores = ["dbflow.py", "--metadata", "local", "--datastore", "s3"];
    let create = ["argo-workflows", "create", "--only-json"];
    let manifest = run(&[stores.as_slice(), &WITH, &create].concat());
    Some(serde_json::from_slice(&manifest).unwrap())
}

/// What both manifests say about a step: those before it, how often it is tried again, its account, and whether it gets
/// what is attached at launch.
type Facts = (Vec<String>, Option<String>, Value, bool);

fn facts(manifest: &Value, step: &str, name: impl Fn(&str) -> String) -> Facts {
    let templates = manifest["spec"]["templates"].as_array().unwrap();
    let mut tasks =
        templates.iter().flat_map(|it| it["dag"]["tasks"].as_array().into_iter().flatten());
    let task = tasks.find(|task| task["name"] == step).unwrap();
    let depends = task["depends"].as_str().unwrap_or_default();
    let before = depends.split(" && ").filter(|before| !before.is_empty());
    let before = before.map(|before| name(before.trim_end_matches(".Succeeded")));
    let template = templates.iter().find(|template| template["name"] == step).unwrap();
    let limit = &template["retryStrategy"]["limit"];
    let limit = limit.as_str().map(str::to_owned).or_else(|| limit.as_u64().map(|n| n.to_string()));
    let container = template["container"].to_string();
    (
        before.collect(),
        limit,
        template["serviceAccountName"].clone(),
        container.contains("report-db"),
    )
}

#[test]
fn metaflow_agrees_in_order_retries_accounts_and_in_what_is_attached() {
    let sandbox = FlowSandbox::new();
    let Some(theirs) = written_by_metaflow(&sandbox) else { return };
    let create = ["argo-workflows", "create", "--image", "python:3.11", "--only-json"];
    let ours =
        FlowOutput::of(&mut sandbox.bare("oracle", &[WITH.as_slice(), &create].concat())).json();
    for (step, their_step) in [("load", "start"), ("store", "store"), ("report", "end")] {
        let to_ours = |name: &str| if name == "start" { "load" } else { name }.to_owned();
        assert_eq!(
            facts(&ours, step, str::to_owned),
            facts(&theirs, their_step, to_ours),
            "{step}"
        );
    }
}
