//! What the pods of Argo and of Kubernetes have in common.

use std::collections::BTreeMap;

use crate::manifest::{
    deployment::Deployment,
    environment::{EnvValue, PodEnvironment},
    node::{ManifestNode, list, map},
    volumes::conflicts,
};

/// Only the owner may read: what the kubelet's root is.
const OWNER_READS: u64 = 0o400;

/// The group may read too.
const GROUP_READS: u64 = 0o440;

/// A container of a program.
#[derive(Debug)]
pub struct ContainerSpec<'a> {
    pub image: &'a str,
    pub args: Vec<String>,
    pub cpu: Option<&'a str>,
    pub memory: Option<&'a str>,
}

impl PodEnvironment {
    /// Returns the members of a container.
    pub fn container(
        &self,
        deployment: &Deployment<'_>,
        container: &ContainerSpec<'_>,
    ) -> Vec<(&'static str, ManifestNode)> {
        let with = self.with.as_ref().into_iter();
        let args = with.flat_map(|with| ["--with", with]).map(str::to_owned);
        let args = args.chain(container.args.iter().cloned());
        let mut members = vec![
            ("args", list(args.map(|text| ManifestNode::from(escaped(&text))))),
            ("command", list([ManifestNode::from(escaped(&deployment.program))])),
            ("image", container.image.into()),
        ];
        if !self.variables.is_empty() {
            members.push(("env", list(self.variables.iter().map(variable))));
        }
        if !self.mounts.is_empty() {
            let mounts = self.mounts.iter().map(|mount| {
                map([
                    ("mountPath", mount.path.as_str().into()),
                    ("name", mount.volume.as_str().into()),
                    ("readOnly", ManifestNode::Flag(true)),
                ])
            });
            members.push(("volumeMounts", list(mounts)));
        }
        let memory = container.memory.map(|memory| ("memory", ManifestNode::from(memory)));
        let cpu = container.cpu.map(|cpu| ("cpu", ManifestNode::from(cpu)));
        let requests: Vec<_> = cpu.into_iter().chain(memory.clone()).collect();
        if !requests.is_empty() {
            let mut resources = vec![("requests", map(requests))];
            resources.extend(memory.map(|memory| ("limits", map([memory]))));
            members.push(("resources", map(resources)));
        }
        members
    }

    /// Returns the members of a pod that mounted Secrets need.
    pub fn volumes(&self, deployment: &Deployment<'_>) -> Vec<(&'static str, ManifestNode)> {
        let volumes: BTreeMap<&str, &str> = self
            .mounts
            .iter()
            .map(|mount| (mount.volume.as_str(), mount.secret.as_str()))
            .collect();
        if volumes.is_empty() {
            return Vec::new();
        }
        let mode = if deployment.fs_group.is_some() { GROUP_READS } else { OWNER_READS };
        let volumes = volumes.into_iter().map(|(volume, secret)| {
            let secret = [
                ("defaultMode", ManifestNode::Number(mode)),
                ("optional", ManifestNode::Flag(false)),
                ("secretName", secret.into()),
            ];
            map([("name", volume.into()), ("secret", map(secret))])
        });
        let mut members = vec![("volumes", list(volumes))];
        if let Some(group) = deployment.fs_group {
            let group = map([("fsGroup", ManifestNode::Number(u64::from(group)))]);
            members.push(("securityContext", group));
        }
        members
    }

    /// Returns what cannot be in one pod.
    pub fn mistakes(&self) -> Vec<String> {
        conflicts(&self.mounts)
    }
}

fn variable((name, value): (&String, &EnvValue)) -> ManifestNode {
    let value = match value {
        EnvValue::Text(text) => ("value", ManifestNode::from(escaped(text))),
        EnvValue::Key { secret, key } => {
            let key = map([("key", key.as_str().into()), ("name", secret.as_str().into())]);
            ("valueFrom", map([("secretKeyRef", key)]))
        }
    };
    map([("name", name.as_str().into()), value])
}

/// Returns a text that Kubernetes reads as this one: in arguments and variables it replaces `$(NAME)`, and `$$` by `$`.
fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}
