//! One pod of Kubernetes that runs all steps.

use crate::{
    attempts::{ATTEMPTS_VARIABLE, FINAL_CODES},
    checks::{environment::joined, quantity::larger},
    failure::CommandFailure,
    manifest::{
        deployment::{Deployment, IMAGE_HELP},
        documents::Documents,
        environment::EnvValue,
        node::{ManifestNode, list, map},
        pod::ContainerSpec,
    },
    step::FlowStep,
};

/// The name of the container, by which the policy for failures refers to it.
const CONTAINER: &str = "main";

/// Returns the `Job`, or the `CronJob` if there is a schedule. Mistakes are added to a list.
///
/// # Errors
/// If the record of a step is damaged.
pub fn job(
    deployment: &Deployment<'_>,
    mistakes: &mut Vec<String>,
) -> Result<Documents, CommandFailure> {
    let spec = spec(deployment, mistakes)?;
    let document = match &deployment.schedule {
        None => object("Job", deployment, spec),
        Some(schedule) => {
            let mut members = vec![
                ("jobTemplate", map([("spec", map(spec))])),
                ("schedule", schedule.cron.as_str().into()),
            ];
            members.extend(schedule.timezone.as_deref().map(|zone| ("timeZone", zone.into())));
            object("CronJob", deployment, members)
        }
    };
    Ok(Documents(vec![document]))
}

fn object(
    kind: &'static str,
    deployment: &Deployment<'_>,
    spec: Vec<(&'static str, ManifestNode)>,
) -> ManifestNode {
    map([
        ("apiVersion", "batch/v1".into()),
        ("kind", kind.into()),
        ("metadata", map(deployment.metadata())),
        ("spec", map(spec)),
    ])
}

fn spec(
    deployment: &Deployment<'_>,
    mistakes: &mut Vec<String>,
) -> Result<Vec<(&'static str, ManifestNode)>, CommandFailure> {
    let steps = &deployment.flow.steps;
    mistakes.extend(joined(steps.iter(), &[]).err().into_iter().flatten());
    let retry = steps.iter().map(|step| step.retry).max().unwrap_or(0);
    let mut environment = deployment.environment.of(steps)?;
    if retry > 0 {
        // Else each of the Job's tries would make all attempts of its own.
        let once = EnvValue::Text("1".to_owned());
        environment.variables.entry(ATTEMPTS_VARIABLE.to_owned()).or_insert(once);
    }
    mistakes.extend(environment.mistakes());
    let largest =
        |quantity: fn(&FlowStep) -> Option<&str>| steps.iter().filter_map(quantity).reduce(larger);
    if deployment.image.is_none() {
        mistakes.push(format!("the pod of all steps has no image: {IMAGE_HELP}"));
    }
    let container = ContainerSpec {
        image: deployment.image.as_deref().unwrap_or_default(),
        args: ["run", "--in-process"].map(str::to_owned).to_vec(),
        cpu: largest(|step| step.cpu.as_deref()),
        memory: largest(|step| step.memory.as_deref()),
    };
    let mut members = environment.container(deployment, &container);
    members.push(("name", CONTAINER.into()));
    let mut pod =
        vec![("containers", list([map(members)])), ("restartPolicy", ManifestNode::from("Never"))];
    pod.extend(environment.volumes(deployment));
    pod.extend(deployment.service_account.as_deref().map(|it| ("serviceAccountName", it.into())));
    let template = map([("metadata", map([("labels", deployment.labels())])), ("spec", map(pod))]);
    Ok(vec![
        ("backoffLimit", ManifestNode::Number(u64::from(retry))),
        ("podFailurePolicy", failure_policy()),
        ("template", template),
    ])
}

/// Returns the policy that does not try again what cannot pass.
fn failure_policy() -> ManifestNode {
    let values = FINAL_CODES.iter().map(|code| ManifestNode::Number(u64::from(*code)));
    let codes = map([
        ("containerName", CONTAINER.into()),
        ("operator", "In".into()),
        ("values", list(values)),
    ]);
    map([("rules", list([map([("action", "FailJob".into()), ("onExitCodes", codes)])]))])
}
