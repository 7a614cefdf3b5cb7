use std::collections::BTreeSet;

use crate::commands::program::policy::{
    document::{PolicyDocument, Statement},
    kms_key::KmsKey,
    partition::{alphanumeric, dns_suffix_of, partition_of},
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
