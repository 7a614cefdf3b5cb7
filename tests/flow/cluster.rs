//! Manifests in the hands of a real API server and the real `kubectl`. `cargo xtask test kubernetes` starts the server.
//!
//! It is Kubernetes 1.20, which has no `podFailurePolicy`, and `CronJob` without `timeZone` in `batch/v1beta1`. The server
//! leaves out what it does not know, so these are not checked by it.

use std::sync::OnceLock;

use secrets_tests::{
    cluster::Cluster,
    flow_sandbox::{FlowOutput, FlowSandbox},
};
use serde_json::{Value, json};

use crate::oracles::{created, pods};

/// The namespace and the service accounts of the manifests.
fn cluster() -> Option<Cluster> {
    let cluster = Cluster::start()?;
    cluster.namespace("jobs");
    for account in ["default", "runner", "store"] {
        let metadata = json!({ "name": account });
        cluster.create("/api/v1/namespaces/jobs/serviceaccounts", &json!({ "metadata": metadata }));
    }
    Some(cluster)
}

fn manifest(kind: &str) -> Value {
    serde_json::from_str(&created(kind, "--only-json")).unwrap()
}

/// The job alone, and the job with its schedule.
fn jobs() -> [Value; 2] {
    let cron = manifest("kubernetes");
    let metadata = json!({ "name": "dbflow" });
    let spec = cron["spec"]["jobTemplate"]["spec"].clone();
    [json!({ "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec }), cron]
}

/// Asks whether the server would create an object. It sets what is left out, and answers with the whole.
fn try_to_create(cluster: &Cluster, object: &Value) -> (u16, Value) {
    let mut object = object.clone();
    let path = match object["kind"].as_str().unwrap() {
        "Pod" => "/api/v1/namespaces/jobs/pods",
        "Job" => "/apis/batch/v1/namespaces/jobs/jobs",
        "CronJob" => {
            object["apiVersion"] = json!("batch/v1beta1");
            "/apis/batch/v1beta1/namespaces/jobs/cronjobs"
        }
        "WorkflowTemplate" => "/apis/argoproj.io/v1alpha1/namespaces/jobs/workflowtemplates",
        "CronWorkflow" => "/apis/argoproj.io/v1alpha1/namespaces/jobs/cronworkflows",
        "Workflow" => "/apis/argoproj.io/v1alpha1/namespaces/jobs/workflows",
        other => panic!("{other}"),
    };
    cluster.admin("POST", &format!("{path}?dryRun=All"), &object)
}

/// Whether the server has kept everything. The paths of what it has not are returned.
fn left_out(sent: &Value, kept: &Value, at: &str) -> Vec<String> {
    match (sent, kept) {
        (Value::Object(sent), Value::Object(_)) => sent
            .iter()
            .flat_map(|(name, value)| left_out(value, &kept[name], &format!("{at}/{name}")))
            .collect(),
        // It adds a volume with the token of the service account, behind ours.
        (Value::Array(sent), Value::Array(_)) => sent
            .iter()
            .enumerate()
            .flat_map(|(place, value)| left_out(value, &kept[place], &format!("{at}/{place}")))
            .collect(),
        (sent, kept) if sent == kept => Vec::new(),
        _ => vec![at.to_owned()],
    }
}

#[test]
fn the_server_takes_every_pod_and_job_and_keeps_what_they_say() {
    let Some(cluster) = cluster() else { return };
    for pod in pods(&manifest("argo-workflows")) {
        let (status, kept) = try_to_create(&cluster, &pod);
        assert_eq!(status, 201, "{kept}");
        assert_eq!(left_out(&pod, &kept, ""), [""; 0], "{kept}");
    }
    let [job, cron] = jobs();
    let (status, kept) = try_to_create(&cluster, &job);
    assert_eq!(status, 201, "{kept}");
    assert_eq!(left_out(&job, &kept, ""), ["/spec/podFailurePolicy"]);
    let (status, kept) = try_to_create(&cluster, &cron);
    assert_eq!(status, 201, "{kept}");
    let unknown = ["/apiVersion", "/spec/jobTemplate/spec/podFailurePolicy", "/spec/timeZone"];
    assert_eq!(left_out(&cron, &kept, ""), unknown);
}

/// Each of these is one change, after which it must be refused.
#[track_caller]
fn refuses_each(cluster: &Cluster, object: &Value, changes: &[(&str, Value)]) {
    assert_eq!(try_to_create(cluster, object).0, 201);
    for (place, value) in changes {
        let mut broken = object.clone();
        let (above, name) = place.rsplit_once('/').unwrap();
        // What is not there is added.
        let parent = broken.pointer_mut(above).unwrap_or_else(|| panic!("{place} of {object}"));
        match parent {
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value.clone(),
            parent => parent[name] = value.clone(),
        }
        let (status, answer) = try_to_create(cluster, &broken);
        assert!([400, 403, 422].contains(&status), "{place} = {value}: {status} {answer}");
    }
}

#[test]
fn the_server_refuses_broken_twins_of_pods_and_jobs() {
    let Some(cluster) = cluster() else { return };
    let pods = pods(&manifest("argo-workflows"));
    let store = pods.iter().find(|pod| pod["spec"]["serviceAccountName"] == "store").unwrap();
    let mounted = pods.iter().find(|pod| pod["spec"]["volumes"].is_array()).unwrap();
    refuses_each(
        &cluster,
        store,
        &[
            ("/spec/serviceAccountName", json!("not-there")),
            ("/spec/serviceAccountName", json!("No_Name")),
            ("/spec/activeDeadlineSeconds", json!(0)),
            ("/spec/activeDeadlineSeconds", json!("600s")),
            ("/spec/containers/0/resources/requests/cpu", json!("much")),
            ("/spec/containers/0/resources/limits/memory", json!("1k")),
            ("/spec/containers/0/env/0/name", json!("A=B")),
            ("/spec/containers/0/command", json!("dbflow")),
            ("/spec/containers/0/image", json!("")),
            ("/spec/containers/0/name", json!("Main")),
        ],
    );
    refuses_each(
        &cluster,
        mounted,
        &[
            ("/spec/volumes/0/secret/defaultMode", json!(9999)),
            ("/spec/volumes/0/secret/secretName", json!("")),
            ("/spec/volumes/0/name", json!("another")),
            ("/spec/containers/0/volumeMounts/0/mountPath", json!("")),
            ("/spec/securityContext/fsGroup", json!(-1)),
        ],
    );
    let [job, cron] = jobs();
    refuses_each(
        &cluster,
        &job,
        &[
            ("/spec/template/spec/restartPolicy", json!("Always")),
            ("/spec/backoffLimit", json!(-1)),
            ("/spec/activeDeadlineSeconds", json!(-1)),
            ("/metadata/name", json!("no_name")),
        ],
    );
    refuses_each(
        &cluster,
        &cron,
        &[
            ("/spec/schedule", json!("61 2 * * *")),
            ("/spec/schedule", json!("")),
            ("/spec/concurrencyPolicy", json!("Never")),
            ("/metadata/name", json!("a".repeat(53))),
        ],
    );
}

/// Defines Argo's resources, if there is a file with them. Returns whether their fields are defined too.
fn argo(cluster: &Cluster) -> Option<bool> {
    static HAS_FIELDS: OnceLock<Option<bool>> = OnceLock::new();
    *HAS_FIELDS.get_or_init(|| {
        let text = std::fs::read_to_string(cluster.argo()?).unwrap();
        // An empty default is null for this server, which refuses it. What it does not know it leaves out.
        let kept = text.lines().filter(|line| line.trim() != "default: \"\"");
        let folder = tempfile::tempdir().unwrap();
        let definitions = folder.path().join("argo.yaml");
        std::fs::write(&definitions, kept.collect::<Vec<_>>().join("\n")).unwrap();
        let mut command = cluster.kubectl_command();
        let output = command.args(["create", "--validate=false", "-f"]).arg(&definitions).output();
        let said = String::from_utf8_lossy(&output.unwrap().stderr).into_owned();
        assert!(
            said.lines().all(|line| line.contains("AlreadyExists") || !line.contains("rror")),
            "{said}"
        );
        let wait = ["wait", "--for=condition=established", "--timeout=120s", "crd", "--all"];
        assert!(cluster.kubectl_command().args(wait).status().unwrap().success());
        let name = "workflowtemplates.argoproj.io";
        let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}");
        let (_, definition) = cluster.admin("GET", &path, &Value::Null);
        let schema = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        Some(schema["properties"]["spec"]["properties"]["templates"].is_object())
    })
}

#[test]
fn argos_definitions_take_the_manifest_and_keep_what_it_says() {
    let Some(cluster) = cluster() else { return };
    if argo(&cluster).is_none() {
        return;
    }
    let manifest = manifest("argo-workflows");
    for object in manifest["items"].as_array().unwrap() {
        let (status, kept) = try_to_create(&cluster, object);
        assert_eq!(status, 201, "{kept}");
        assert_eq!(left_out(object, &kept, ""), [""; 0]);
    }
}

#[test]
fn argos_definitions_refuse_broken_twins() {
    let Some(cluster) = cluster() else { return };
    if argo(&cluster) != Some(true) {
        return;
    }
    let manifest = manifest("argo-workflows");
    let [template, cron] = [0, 1].map(|place| manifest["items"][place].clone());
    let tasks = "/spec/templates/0/dag/tasks";
    refuses_each(
        &cluster,
        &template,
        &[
            (&format!("{tasks}/1/depends"), json!(["load"])),
            (&format!("{tasks}/1/name"), Value::Null),
            ("/spec/templates/1/container/args", json!("step load")),
            ("/spec/templates/1/container/env/0", json!({ "value": "without a name" })),
            ("/spec/templates/1/volumes/0/secret/defaultMode", json!("0400")),
            ("/spec/templates/2/retryStrategy/limit", json!({ "steps": 2 })),
            ("/spec/templates/2/retryStrategy/backoff/duration", json!(1)),
            ("/spec/templates/2/retryStrategy/expression", json!(true)),
            ("/spec/serviceAccountName", json!(7)),
        ],
    );
    refuses_each(
        &cluster,
        &cron,
        &[
            ("/spec/schedules", json!("0 2 * * *")),
            ("/spec/timezone", json!(1)),
            ("/spec/workflowSpec", Value::Null),
            ("/spec", Value::Null),
        ],
    );
}

/// The program with the real `kubectl`.
fn with_kubectl(cluster: &Cluster, sandbox: &FlowSandbox, arguments: &[&str]) -> FlowOutput {
    let (programs, config) = cluster.kubectl();
    let path = format!("{}:/usr/bin:/bin", programs.display());
    let mut command = sandbox.command("dbflow", arguments);
    FlowOutput::of(command.env("PATH", path).env("KUBECONFIG", config))
}

#[test]
fn kubectl_creates_the_template_and_triggers_it() {
    let Some(cluster) = cluster() else { return };
    if argo(&cluster).is_none() {
        return;
    }
    let sandbox = FlowSandbox::new();
    let create = ["argo-workflows", "create", "--image", "i:1", "--namespace", "jobs"];
    let output = with_kubectl(&cluster, &sandbox, &create);
    assert!(output.stderr.contains("context test, namespace jobs"), "{output:?}");
    assert!(output.ok().contains("workflowtemplate.argoproj.io/dbflow created"));
    let only = sandbox.run("dbflow", &[create.as_slice(), &["--only-json"]].concat()).json();
    let path = "/apis/argoproj.io/v1alpha1/namespaces/jobs/workflowtemplates/dbflow";
    let (_, kept) = cluster.admin("GET", path, &Value::Null);
    assert_eq!(kept["spec"], only["spec"]);
    // Once more: nothing has changed.
    assert!(with_kubectl(&cluster, &sandbox, &create).ok().contains("unchanged"));
    let trigger = ["argo-workflows", "trigger", "--namespace", "jobs"];
    let said = with_kubectl(&cluster, &sandbox, &trigger).ok();
    assert!(
        said.starts_with("workflow.argoproj.io/dbflow-") && said.ends_with(" created\n"),
        "{said}"
    );
}

#[test]
fn what_kubectl_refuses_is_said_in_its_words() {
    let Some(cluster) = cluster() else { return };
    let sandbox = FlowSandbox::new();
    let create = ["kubernetes", "create", "--image", "i:1", "--namespace", "jobs"];
    // This kubectl is of 1.20 too, and does not know it.
    let said = with_kubectl(&cluster, &sandbox, &create).failed(1);
    assert!(said.contains("unknown field \"podFailurePolicy\""), "{said}");
    let create = ["argo-workflows", "create", "--image", "i:1", "--namespace", "not-there"];
    let said = with_kubectl(&cluster, &sandbox, &create).failed(1);
    assert!(said.contains("not-there") || said.contains("no matches for kind"), "{said}");
}
