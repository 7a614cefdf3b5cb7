//! `argo-workflows create`, `argo-workflows trigger` and `kubernetes create`.

use std::path::Path;

use secrets_runtime::cli::SecretsArgs;

use crate::{
    arguments::{CreateArguments, TargetArguments, TriggerArguments},
    checks::name::NameKind,
    commands::launch,
    failure::CommandFailure,
    kubectl,
    manifest::{
        argo::{workflow, workflow_template},
        cron::CronSchedule,
        deployment::Deployment,
        documents::Documents,
        environment::DeployedVariables,
        job::job,
    },
    plan::FlowPlan,
    program::{file_name, print, warn},
};

/// Writes the `WorkflowTemplate` of a flow.
pub fn argo(
    flow: &FlowPlan,
    secrets: SecretsArgs,
    arguments: &CreateArguments,
) -> Result<u8, CommandFailure> {
    create(flow, secrets, arguments, workflow_template)
}

/// Writes the `Job` of a flow.
pub fn kubernetes(
    flow: &FlowPlan,
    secrets: SecretsArgs,
    arguments: &CreateArguments,
) -> Result<u8, CommandFailure> {
    let of_own = |what: fn(&crate::step::FlowStep) -> bool| {
        let steps = flow.steps.iter().filter(move |step| what(step));
        steps.map(|step| step.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    for (word, steps) in [
        ("image", of_own(|step| step.image.is_some())),
        ("service_account", of_own(|step| step.service_account.is_some())),
    ] {
        if !steps.is_empty() {
            warn(&format!(
                "all steps run in one pod, so `.{word}(..)` has no effect here: {steps}"
            ));
        }
    }
    create(flow, secrets, arguments, job)
}

/// Starts a `Workflow` from the template of a flow.
pub fn trigger(flow: &FlowPlan, arguments: &TriggerArguments) -> Result<u8, CommandFailure> {
    let target = &arguments.target;
    let name = target.name.as_deref().unwrap_or(&flow.name);
    let mut mistakes = Vec::new();
    let name_check = NameKind::Object.check(name).err();
    mistakes.extend(name_check.map(|mistake| format!("--name: {mistake}")));
    if let Some(namespace) = &target.namespace {
        let check = NameKind::Namespace.check(namespace).err();
        mistakes.extend(check.map(|mistake| format!("--namespace: {mistake}")));
    }
    if !mistakes.is_empty() {
        return Err(CommandFailure::Usage(mistakes));
    }
    let documents = workflow(name, target.namespace.as_deref());
    deliver(&documents, target, "create")
}

/// Makes the documents of a deployment. Mistakes are added to the list.
type Make = fn(&Deployment<'_>, &mut Vec<String>) -> Result<Documents, CommandFailure>;

fn create(
    flow: &FlowPlan,
    secrets: SecretsArgs,
    arguments: &CreateArguments,
    make: Make,
) -> Result<u8, CommandFailure> {
    let resolver = launch::resolver(secrets).build()?;
    let (environment, mut mistakes) = DeployedVariables::read(resolver, arguments);
    for step in &flow.steps {
        mistakes.extend(environment.mistakes_of(step));
    }
    let program = match &arguments.program {
        Some(path) => path.to_str().map(str::to_owned),
        None => file_name(),
    };
    let target = &arguments.target;
    let deployment = Deployment {
        flow,
        name: target.name.clone().unwrap_or_else(|| flow.name.clone()),
        namespace: target.namespace.clone(),
        service_account: arguments.service_account.clone(),
        image: arguments.image.clone(),
        program: program.unwrap_or_default(),
        fs_group: arguments.fs_group,
        schedule: arguments.schedule.as_ref().map(|cron| CronSchedule {
            cron: cron.split_whitespace().collect::<Vec<_>>().join(" "),
            timezone: arguments.timezone.clone(),
        }),
        environment,
    };
    mistakes.extend(deployment.mistakes());
    let documents = make(&deployment, &mut mistakes)?;
    mistakes.extend(documents.placeholders());
    if !mistakes.is_empty() {
        return Err(CommandFailure::Usage(mistakes));
    }
    for warning in deployment.environment.warnings(&flow.steps)? {
        warn(&warning);
    }
    if Path::new(&deployment.program).is_relative() && deployment.program.contains('/') {
        warn(&format!("the program {} is relative to the folder of the image", deployment.program));
    }
    deliver(&documents, target, "apply")
}

/// Prints documents, or passes them to `kubectl`.
fn deliver(
    documents: &Documents,
    target: &TargetArguments,
    verb: &str,
) -> Result<u8, CommandFailure> {
    let text = match target.only_json {
        true => documents.to_json(),
        false => documents.to_yaml(),
    };
    if target.only_json || target.only_yaml {
        print(&text).map_err(|error| CommandFailure::Other(error.to_string(), 1))?;
        return Ok(0);
    }
    kubectl::run(verb, target.namespace.as_deref(), &text)
}
