//! Argo Workflows.

use std::time::Duration;

use crate::{
    attempts::{FINAL_CODES, FIRST_PAUSE},
    failure::CommandFailure,
    manifest::{
        deployment::{Deployment, IMAGE_HELP},
        documents::Documents,
        node::{ManifestNode, list, map},
        pod::ContainerSpec,
    },
    step::FlowStep,
};

const API_VERSION: &str = "argoproj.io/v1alpha1";

/// Returns the `WorkflowTemplate`, and the `CronWorkflow` if there is a schedule. Mistakes are added to a list.
///
/// # Errors
/// If the record of a step is damaged.
pub fn workflow_template(
    deployment: &Deployment<'_>,
    mistakes: &mut Vec<String>,
) -> Result<Documents, CommandFailure> {
    let flow = deployment.flow;
    // No step can have this name: those begin with a letter.
    let entrypoint = format!("0-{}", flow.name);
    mistakes.extend(missing_image(deployment));
    let mut templates = vec![graph(deployment, &entrypoint)];
    for step in &flow.steps {
        templates.push(template(deployment, step, mistakes)?);
    }
    let mut spec = vec![
        ("entrypoint", ManifestNode::from(entrypoint)),
        ("podMetadata", map([("labels", deployment.labels())])),
        ("templates", ManifestNode::List(templates)),
    ];
    spec.extend(deployment.service_account.as_deref().map(|it| ("serviceAccountName", it.into())));
    let mut metadata = deployment.metadata();
    let title = [("workflows.argoproj.io/title", flow.name.as_str().into())];
    metadata.push(("annotations", map(title)));
    let mut documents = vec![object("WorkflowTemplate", metadata, spec)];
    if let Some(schedule) = &deployment.schedule {
        let of = map([("workflowTemplateRef", reference(&deployment.name))]);
        let mut spec =
            vec![("schedules", list([schedule.cron.as_str().into()])), ("workflowSpec", of)];
        spec.extend(schedule.timezone.as_deref().map(|zone| ("timezone", zone.into())));
        documents.push(object("CronWorkflow", deployment.metadata(), spec));
    }
    Ok(Documents(documents))
}

/// Returns the mistake of all steps without an image, which one option mends.
fn missing_image(deployment: &Deployment<'_>) -> Option<String> {
    let steps = deployment.flow.steps.iter();
    let steps = steps.filter(|step| deployment.image_of(step).is_none());
    let names: Vec<String> = steps.map(|step| format!("`{}`", step.name)).collect();
    let what = match names.as_slice() {
        [] => return None,
        [name] => format!("the step {name} has no image"),
        names => format!("the steps {} have no image", names.join(", ")),
    };
    Some(format!("{what}: {IMAGE_HELP}"))
}

/// Returns a `Workflow` from the template of this name.
pub fn workflow(name: &str, namespace: Option<&str>) -> Documents {
    let mut metadata = vec![("generateName", ManifestNode::from(format!("{name}-")))];
    metadata.extend(namespace.map(|namespace| ("namespace", namespace.into())));
    let spec = vec![("workflowTemplateRef", reference(name))];
    Documents(vec![object("Workflow", metadata, spec)])
}

fn object(
    kind: &'static str,
    metadata: Vec<(&'static str, ManifestNode)>,
    spec: Vec<(&'static str, ManifestNode)>,
) -> ManifestNode {
    map([
        ("apiVersion", API_VERSION.into()),
        ("kind", kind.into()),
        ("metadata", map(metadata)),
        ("spec", map(spec)),
    ])
}

fn reference(name: &str) -> ManifestNode {
    map([("name", name.into())])
}

/// Returns the template in which the steps have their order.
fn graph(deployment: &Deployment<'_>, name: &str) -> ManifestNode {
    let tasks = deployment.flow.steps.iter().map(|step| {
        let mut task = vec![
            ("name", ManifestNode::from(step.name.as_str())),
            ("template", step.name.as_str().into()),
        ];
        if !step.after.is_empty() {
            let mut before: Vec<&str> = Vec::new();
            for name in &step.after {
                if !before.contains(&name.as_str()) {
                    before.push(name);
                }
            }
            task.push(("depends", before.join(" && ").into()));
        }
        map(task)
    });
    map([("dag", map([("tasks", list(tasks))])), ("name", name.into())])
}

fn template(
    deployment: &Deployment<'_>,
    step: &FlowStep,
    mistakes: &mut Vec<String>,
) -> Result<ManifestNode, CommandFailure> {
    let environment = deployment.environment.of([step])?;
    let of_step = |mistake: &String| format!("step `{}`: {mistake}", step.name);
    mistakes.extend(environment.mistakes().iter().map(of_step));
    let container = ContainerSpec {
        // If there is none, the mistake is in the list already.
        image: deployment.image_of(step).unwrap_or_default(),
        args: vec!["step".to_owned(), step.name.clone()],
        cpu: step.cpu.as_deref(),
        memory: step.memory.as_deref(),
    };
    let mut members = vec![
        ("name", step.name.as_str().into()),
        ("container", map(environment.container(deployment, &container))),
    ];
    members.extend(environment.volumes(deployment));
    members.extend(step.service_account.as_deref().map(|it| ("serviceAccountName", it.into())));
    members.extend(step.timeout.map(|timeout| ("activeDeadlineSeconds", seconds(timeout))));
    if step.retry > 0 {
        members.push(("retryStrategy", retry_strategy(step.retry)));
    }
    Ok(map(members))
}

/// Returns whole seconds, rounded up.
fn seconds(timeout: Duration) -> ManifestNode {
    ManifestNode::Number(timeout.as_secs() + u64::from(timeout.subsec_nanos() > 0))
}

fn retry_strategy(times: u32) -> ManifestNode {
    let duration = format!("{}s", FIRST_PAUSE.as_secs());
    // A pod that has never started has the exit code -1, and is tried again.
    let expression = format!("asInt(lastRetry.exitCode) not in {FINAL_CODES:?}");
    map([
        ("backoff", map([("duration", duration.into()), ("factor", "2".into())])),
        ("expression", expression.into()),
        ("limit", times.to_string().into()),
    ])
}
