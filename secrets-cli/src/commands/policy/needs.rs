//! What steps need of AWS: which secrets are read, by whom, and in which roles.

use std::collections::{BTreeMap, BTreeSet};

use secrets_runtime::{Error, ErrorKind, admin::SourceRoute};
use secrets_spec::{BuiltIn, Flaw, SecretArn, check_id, check_region, check_role_arn};

use crate::{
    commands::policy::{
        document::{PolicyDocument, Principal, Statement},
        kms_key::KmsKey,
        parameters::NeededParameters,
        partition::arn_part,
        target::{PolicyTarget, add_decryption},
        unknown::Unknown,
    },
    failure::{Failure, error_about, fail_on_any},
};

const AWS: &str = BuiltIn::AwsSecretsManager.name();
const SSM: &str = BuiltIn::Ssm.name();

/// What steps need of AWS, by who needs it.
#[derive(Debug, Default, Clone)]
pub struct AwsNeeds {
    pub caller: Access,
    /// By the ARN of the role.
    pub roles: BTreeMap<String, Access>,
}

/// What one caller or role needs.
#[derive(Debug, Default, Clone)]
pub struct Access {
    secrets: BTreeSet<NeededSecret>,
    parameters: NeededParameters,
    /// Whether a step reads several secrets with one request.
    has_batches: bool,
}

/// A secret that is read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct NeededSecret {
    /// A name, or a full or partial ARN.
    id: String,
    region: Option<String>,
    /// As it is written, for messages.
    source: String,
}

impl AwsNeeds {
    /// Returns what steps need.
    ///
    /// # Errors
    /// If a secret, role or region has a name that AWS does not have. In a policy it might permit more.
    pub fn of<'a>(
        steps: impl Iterator<Item = &'a Vec<SourceRoute>> + Clone,
    ) -> Result<Self, Failure> {
        fail_on_any(steps.clone().flatten().flat_map(mistakes).collect())?;
        let mut needs = Self::default();
        steps.for_each(|routes| needs.add_step(routes));
        Ok(needs)
    }

    fn add_step(&mut self, routes: &[SourceRoute]) {
        // A batch is one request in one role and region, for current versions.
        let mut batches: BTreeMap<(Option<&str>, Option<&str>), BTreeSet<String>> = BTreeMap::new();
        for route in routes.iter().filter(|it| it.is_of(AWS)) {
            let role = route.role.as_ref().map(|role| role.value.as_str());
            let region = route.region.as_ref().map(|region| region.value.as_str());
            let id = route.aws_secret_id();
            if route.is_current_version() {
                batches.entry((role, region)).or_default().insert(id.clone());
            }
            let (region, source) = (region.map(str::to_owned), route.source.clone());
            self.access(role).secrets.insert(NeededSecret { id, region, source });
        }
        for route in routes.iter().filter(|it| it.is_of(SSM)) {
            let role = route.role.as_ref().map(|role| role.value.as_str());
            self.access(role).parameters.add(route);
        }
        for ((role, _), _) in batches.into_iter().filter(|(_, ids)| ids.len() > 1) {
            self.access(role).has_batches = true;
        }
    }

    fn access(&mut self, role: Option<&str>) -> &mut Access {
        match role {
            None => &mut self.caller,
            Some(role) => self.roles.entry(role.to_owned()).or_default(),
        }
    }

    /// Returns the document of the caller.
    pub fn caller_document(&self, target: &PolicyTarget, unknown: &mut Unknown) -> PolicyDocument {
        let mut document = self.caller.document(None, target, unknown);
        if !self.roles.is_empty() {
            let roles = self.roles.keys().map(|role| literal(role));
            document.add(Statement::allow("AssumeRoles", ["sts:AssumeRole"], roles));
        }
        document
    }

    /// Returns each role with its policy and its trust policy.
    pub fn role_documents(
        &self,
        target: &PolicyTarget,
        unknown: &mut Unknown,
    ) -> BTreeMap<&str, (PolicyDocument, PolicyDocument)> {
        let documents = self.roles.iter().map(|(role, access)| {
            let policy = access.document(Some(role), target, unknown);
            (role.as_str(), (policy, trust(role, target, unknown)))
        });
        documents.collect()
    }

    /// Fails if a key is for a region in which no secret is read, so that the key would be left out.
    pub fn check_keys(&self, keys: &[KmsKey]) -> Result<(), Failure> {
        let accesses = || std::iter::once(&self.caller).chain(self.roles.values());
        let is_used = |key: &&KmsKey| {
            accesses().flat_map(Access::regions).any(|region| region == key.region())
        };
        match keys.iter().find(|key| !is_used(key)) {
            None => Ok(()),
            Some(key) => {
                let message = format!("no secret is read in {}, the region of {key}", key.region());
                Err(Failure::usage(message, "name the key of a region in which secrets are read"))
            }
        }
    }
}

impl Access {
    fn document(
        &self,
        role: Option<&str>,
        target: &PolicyTarget,
        unknown: &mut Unknown,
    ) -> PolicyDocument {
        let mut document = PolicyDocument::default();
        if !self.secrets.is_empty() {
            self.add_secrets(&mut document, role, target, unknown);
        }
        self.parameters.add_to(&mut document, role, target, unknown);
        document
    }

    /// Returns the regions in which something is read.
    fn regions(&self) -> impl Iterator<Item = &str> {
        let secrets = self.secrets.iter().filter_map(|secret| secret.region.as_deref());
        secrets.chain(self.parameters.regions())
    }

    fn add_secrets(
        &self,
        document: &mut PolicyDocument,
        role: Option<&str>,
        target: &PolicyTarget,
        unknown: &mut Unknown,
    ) {
        let resources: BTreeSet<String> = self
            .secrets
            .iter()
            .flat_map(|secret| secret.resources(role, target, unknown))
            .collect();
        let mut actions = vec!["secretsmanager:GetSecretValue"];
        // An agent looks for a newer version before it reads one.
        if target.has_preflight || target.is_by_agent {
            actions.push("secretsmanager:DescribeSecret");
        }
        document.add(Statement::allow("ReadSecrets", actions, resources));
        if self.has_batches && !target.is_by_agent {
            // AWS has no resource for this action. The secrets of a batch need the action above.
            let actions = ["secretsmanager:BatchGetSecretValue"];
            document.add(Statement::allow("ReadSecretsInBatches", actions, ["*".to_owned()]));
        }
        let regions = self.secrets.iter().filter_map(|secret| secret.region.as_deref());
        let (name, service) = ("DecryptSecrets", "secretsmanager");
        for region in regions.collect::<BTreeSet<_>>() {
            add_decryption(document, name, service, region, target);
        }
    }
}

impl NeededSecret {
    /// Returns the resources of the secret, with `?` in the place of the characters that AWS adds to its name.
    fn resources(
        &self,
        role: Option<&str>,
        target: &PolicyTarget,
        unknown: &mut Unknown,
    ) -> Vec<String> {
        if SecretArn::parse(&self.id).is_ok() {
            let partial = format!("{}-??????", self.id);
            return match suffix_of(&self.id) {
                Suffix::Random => vec![self.id.clone()],
                Suffix::None => vec![partial],
                Suffix::Unclear => vec![self.id.clone(), partial],
            };
        }
        let (service, region) = ("secretsmanager", self.region.as_deref());
        let start = target.arn_of_name(service, region, role, &self.source, unknown);
        start.into_iter().map(|start| format!("{start}:secret:{}-??????", self.id)).collect()
    }
}

/// Returns what is wrong with the names of a route. A program can have records that no compiler has checked.
fn mistakes(route: &SourceRoute) -> Vec<Error> {
    let (kind, id) = if route.is_of(AWS) {
        (AWS, route.aws_secret_id())
    } else if route.is_of(SSM) {
        (SSM, route.parameter_id())
    } else {
        return Vec::new();
    };
    let mut errors = Vec::new();
    let mut add = |text: &str, flaw: Option<Flaw>| {
        if let Some(error) = flaw.map(|flaw| flaw.explain(text)) {
            let help = error.help().unwrap_or("correct the source");
            let kind = ErrorKind::InvalidSource;
            errors.push(error_about(&route.source, kind, error.message(), help));
        }
    };
    add(&id, check_id(Some(kind), &id));
    if let Some(role) = &route.role {
        add(&role.value, check_role_arn(&role.value));
    }
    if let Some(region) = &route.region {
        add(&region.value, check_region(&region.value));
    }
    if route.role.as_ref().is_some_and(|role| role.value.contains("&{")) {
        let message = "a policy for Terraform cannot name this role: `&{` begins a variable there";
        let help = "use a role whose path does not have it";
        errors.push(error_about(&route.source, ErrorKind::InvalidSource, message, help));
    }
    errors
}

/// Returns the pattern of IAM that is this text alone.
fn literal(text: &str) -> String {
    let escape = |c: char| match c {
        '*' | '?' | '$' => format!("${{{c}}}"),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}

/// Returns the policy that lets the account of the caller assume a role.
fn trust(role: &str, target: &PolicyTarget, unknown: &mut Unknown) -> PolicyDocument {
    let Some(account) = &target.account else {
        unknown.trusting.insert(role.to_owned());
        return PolicyDocument::default();
    };
    let partition = arn_part(role, 1).unwrap_or("aws");
    let root = format!("arn:{partition}:iam::{account}:root");
    let statement = Statement::allow("AssumeRole", ["sts:AssumeRole"], Vec::new())
        .with_principal(Principal::Aws(root));
    let mut document = PolicyDocument::default();
    document.add(match &target.external_id {
        Some(id) => statement.with_condition("sts:ExternalId", literal(id)),
        None => statement,
    });
    document
}

/// How the ARN of a secret ends.
#[derive(Debug, PartialEq, Eq)]
enum Suffix {
    /// With the hyphen and the six random characters that AWS adds to a name.
    Random,
    /// Without them.
    None,
    /// With a hyphen and six characters that may be a word or a number in the name too.
    Unclear,
}

fn suffix_of(arn: &str) -> Suffix {
    let Some((_, last)) = arn.rsplit_once('-').filter(|(head, _)| head.contains(":secret:")) else {
        return Suffix::None;
    };
    let is = |class: fn(&u8) -> bool| last.bytes().all(|byte| class(&byte));
    if last.len() != 6 || !is(u8::is_ascii_alphanumeric) {
        return Suffix::None;
    }
    // One of 200 random suffixes has lower-case letters only.
    if is(u8::is_ascii_lowercase) || is(u8::is_ascii_digit) {
        Suffix::Unclear
    } else {
        Suffix::Random
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suffix_of_an_arn_is_random_missing_or_unclear() {
        for (name, suffix) in [
            ("db", Suffix::None),
            ("prod/db-AbCdEf", Suffix::Random),
            ("prod/db-a1b2c3", Suffix::Random),
            ("some-secret", Suffix::Unclear),
            ("db-000001", Suffix::Unclear),
            ("db-AbCdE", Suffix::None),
            ("db-AbCd_f", Suffix::None),
        ] {
            let arn = format!("arn:aws:secretsmanager:us-west-2:123456789012:secret:{name}");
            assert_eq!(suffix_of(&arn), suffix, "{name}");
        }
    }
}
