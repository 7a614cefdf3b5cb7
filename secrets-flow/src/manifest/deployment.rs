use crate::{
    checks::name::{NameKind, check_image},
    manifest::{
        cron::{self, CronSchedule},
        environment::DeployedVariables,
        node::{ManifestNode, map},
    },
    plan::FlowPlan,
    step::FlowStep,
};

/// What all objects of a manifest have in common.
#[derive(Debug)]
pub struct Deployment<'a> {
    pub flow: &'a FlowPlan,
    /// The name of the objects.
    pub name: String,
    pub namespace: Option<String>,
    pub service_account: Option<String>,
    /// The image of steps that have none of their own.
    pub image: Option<String>,
    /// The program in the image.
    pub program: String,
    pub fs_group: Option<u32>,
    pub schedule: Option<CronSchedule>,
    pub environment: DeployedVariables,
}

/// What to do about a missing image.
pub const IMAGE_HELP: &str = "write --image registry.example/name:tag";

/// The label that says what an object belongs to.
const APP_NAME: &str = "app.kubernetes.io/name";

/// The label that says what made an object.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

impl Deployment<'_> {
    /// Returns every mistake in the names.
    pub fn mistakes(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut check = |option: &str, result: Result<(), String>| {
            found.extend(result.err().map(|mistake| format!("{option}: {mistake}")));
        };
        check("--name", NameKind::Object.check(&self.name));
        if let Some(namespace) = &self.namespace {
            check("--namespace", NameKind::Namespace.check(namespace));
        }
        if let Some(account) = &self.service_account {
            check("--service-account", NameKind::ServiceAccount.check(account));
        }
        if let Some(image) = &self.image {
            check("--image", check_image(image));
        }
        if self.program.is_empty() || self.program.contains(char::is_control) {
            let mistake = "the program in the image has no name: write its path";
            check("--program", Err(mistake.to_owned()));
        }
        if let Some(schedule) = &self.schedule {
            check("--schedule", cron::check(&schedule.cron));
            if let Some(zone) = &schedule.timezone {
                check("--timezone", cron::check_timezone(zone));
            }
            if self.name.len() > cron::MAX_NAME {
                let max = cron::MAX_NAME;
                let mistake = format!(
                    "with a schedule a name is at most {max} long, not {}",
                    self.name.len()
                );
                check("--name", Err(mistake));
            }
        }
        found
    }

    /// Returns the image of a step: its own, or that of all steps.
    pub fn image_of<'a>(&'a self, step: &'a FlowStep) -> Option<&'a str> {
        step.image.as_deref().or(self.image.as_deref())
    }

    /// Returns the metadata of an object.
    pub fn metadata(&self) -> Vec<(&'static str, ManifestNode)> {
        let mut metadata =
            vec![("name", ManifestNode::from(self.name.as_str())), ("labels", self.labels())];
        metadata.extend(self.namespace.as_deref().map(|it| ("namespace", ManifestNode::from(it))));
        metadata
    }

    pub fn labels(&self) -> ManifestNode {
        map([(APP_NAME, self.flow.name.as_str().into()), (MANAGED_BY, "secrets-flow".into())])
    }
}
