//! What steps need of the parameters of AWS Systems Manager.

use std::collections::BTreeSet;

use secrets_runtime::admin::SourceRoute;
use secrets_spec::ParameterId;

use crate::commands::policy::{
    document::{PolicyDocument, Statement},
    target::{PolicyTarget, add_decryption},
    unknown::Unknown,
};

/// The parameters that one caller or role reads.
#[derive(Debug, Default, Clone)]
pub struct NeededParameters(BTreeSet<NeededParameter>);

/// A parameter that is read, or the path of several.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct NeededParameter {
    /// As a source of type `ssm` names it.
    id: String,
    region: Option<String>,
    /// As it is written, for messages.
    source: String,
}

impl NeededParameters {
    pub fn add(&mut self, route: &SourceRoute) {
        let region = route.region.as_ref().map(|region| region.value.clone());
        let (id, source) = (route.parameter_id(), route.source.clone());
        self.0.insert(NeededParameter { id, region, source });
    }

    /// Returns the regions of the parameters.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|parameter| parameter.region.as_deref())
    }

    /// Adds what reading them needs to a document.
    pub fn add_to(
        &self,
        document: &mut PolicyDocument,
        role: Option<&str>,
        target: &PolicyTarget,
        unknown: &mut Unknown,
    ) {
        let (mut single, mut paths) = (BTreeSet::new(), BTreeSet::new());
        for parameter in &self.0 {
            let Ok(id) = ParameterId::parse(&parameter.id) else { continue };
            let resource = parameter.resource(&id, role, target, unknown);
            match id.set_path() {
                // An agent reads no path.
                Some(_) if target.is_by_agent => {}
                Some(_) => paths.extend(resource),
                None => single.extend(resource),
            }
        }
        // An agent reads them one by one, by another action.
        let action = if target.is_by_agent { "ssm:GetParameter" } else { "ssm:GetParameters" };
        if !single.is_empty() {
            document.add(Statement::allow("ReadParameters", [action], single));
        }
        if !paths.is_empty() {
            let actions = ["ssm:GetParametersByPath"];
            document.add(Statement::allow("ReadParametersByPath", actions, paths));
        }
        for region in self.regions().collect::<BTreeSet<_>>() {
            add_decryption(document, "DecryptParameters", "ssm", region, target);
        }
    }
}

impl NeededParameter {
    /// Returns the ARN of the parameter, or of the path: what is below a path is permitted with it.
    fn resource(
        &self,
        id: &ParameterId<'_>,
        role: Option<&str>,
        target: &PolicyTarget,
        unknown: &mut Unknown,
    ) -> Option<String> {
        if id.is_arn() {
            return Some(id.name().to_owned());
        }
        let region = self.region.as_deref();
        let start = target.arn_of_name("ssm", region, role, &self.source, unknown)?;
        Some(format!("{start}:parameter/{}", id.resource()))
    }
}
