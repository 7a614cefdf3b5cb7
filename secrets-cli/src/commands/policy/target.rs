use std::collections::BTreeSet;

use crate::commands::policy::{
    document::{PolicyDocument, Statement},
    kms_key::KmsKey,
    partition::{alphanumeric, arn_part, dns_suffix_of, partition_of},
    unknown::Unknown,
};

/// What the command line says about the account.
#[derive(Debug, Default)]
pub struct PolicyTarget {
    pub account: Option<String>,
    pub keys: Vec<KmsKey>,
    pub has_preflight: bool,
    /// Whether an agent reads the secrets, one by one.
    pub is_by_agent: bool,
    pub external_id: Option<String>,
}

impl PolicyTarget {
    /// Returns the beginning of the ARN of what a source names: `arn:PARTITION:SERVICE:REGION:ACCOUNT`. A name is looked for in
    /// the account of the one who asks, which is that of the role if there is one. `None` if the account or the region is
    /// not known, which is noted.
    pub fn arn_of_name(
        &self,
        service: &str,
        region: Option<&str>,
        role: Option<&str>,
        source: &str,
        unknown: &mut Unknown,
    ) -> Option<String> {
        let account = match role {
            Some(role) => arn_part(role, 4),
            None => self.account.as_deref(),
        };
        if account.is_none() {
            unknown.account.insert(source.to_owned());
        }
        if region.is_none() {
            unknown.region.insert(source.to_owned());
            unknown.is_region_of_agent = self.is_by_agent;
        }
        let (account, region) = (account?, region?);
        let partition = role.and_then(|role| arn_part(role, 1));
        let partition = partition.unwrap_or_else(|| partition_of(region));
        Some(format!("arn:{partition}:{service}:{region}:{account}"))
    }
}

/// Adds the right to decrypt with the keys of a region, through a service of AWS.
pub fn add_decryption(
    document: &mut PolicyDocument,
    name: &str,
    service: &str,
    region: &str,
    target: &PolicyTarget,
) {
    let keys = target.keys.iter().filter(|key| key.region() == region);
    let keys: BTreeSet<String> = keys.map(ToString::to_string).collect();
    if keys.is_empty() {
        return;
    }
    let suffix = dns_suffix_of(partition_of(region));
    let sid = format!("{name}{}", alphanumeric(region));
    let statement = Statement::allow(&sid, ["kms:Decrypt"], keys)
        .with_condition("kms:ViaService", format!("{service}.{region}.{suffix}"));
    document.add(statement);
}
