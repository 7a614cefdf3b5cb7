//! Manifests for Argo Workflows and Kubernetes.

pub mod argo;
pub mod cron;
pub mod environment;
pub mod job;
pub mod node;
pub mod pod;
mod volumes;
mod yaml;

use crate::{
    checks::name::{NameKind, check_image},
    flow::Flow,
    manifest::{
        environment::Environment,
        node::{Node, map},
    },
};

/// What all objects of a manifest have in common.
#[derive(Debug)]
pub struct Deployment<'a> {
    pub flow: &'a Flow,
    /// The name of the objects.
    pub name: String,
    pub namespace: Option<String>,
    pub service_account: Option<String>,
    pub image: String,
    /// The program in the image.
    pub program: String,
    pub fs_group: Option<u32>,
    pub schedule: Option<Schedule>,
    pub environment: Environment,
}

/// When a flow runs.
#[derive(Debug)]
pub struct Schedule {
    pub cron: String,
    pub timezone: Option<String>,
}

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
        check("--image", check_image(&self.image));
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

    /// Returns the metadata of an object.
    fn metadata(&self) -> Vec<(&'static str, Node)> {
        let mut metadata =
            vec![("name", Node::from(self.name.as_str())), ("labels", self.labels())];
        metadata.extend(self.namespace.as_deref().map(|it| ("namespace", Node::from(it))));
        metadata
    }

    fn labels(&self) -> Node {
        map([(APP_NAME, self.flow.name.as_str().into()), (MANAGED_BY, "secrets-flow".into())])
    }
}

/// Documents, each with the kind of the object.
#[derive(Debug)]
pub struct Documents(pub Vec<Node>);

impl Documents {
    /// Returns the texts that contain `{{`, which Argo would replace: where each of them is.
    pub fn placeholders(&self) -> Vec<String> {
        let mut found = Vec::new();
        for document in &self.0 {
            document.each_text("", &mut |path, text| {
                if text.contains("{{") {
                    found.push(format!(
                        "`{{{{` in {path}: Argo would replace it, so write the text without it"
                    ));
                }
            });
        }
        found
    }

    pub fn to_yaml(&self) -> String {
        let documents: Vec<String> = self.0.iter().map(yaml::write).collect();
        documents.join("---\n")
    }

    /// Returns one object, or a list of several.
    pub fn to_json(&self) -> String {
        let document = match self.0.as_slice() {
            [document] => document.clone(),
            documents => map([
                ("apiVersion", "v1".into()),
                ("items", Node::List(documents.to_vec())),
                ("kind", "List".into()),
            ]),
        };
        // Maps with texts as keys can be written as JSON.
        let text = serde_json::to_string_pretty(&document).unwrap_or_default();
        format!("{text}\n")
    }
}
