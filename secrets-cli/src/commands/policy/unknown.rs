use std::collections::BTreeSet;

use crate::failure::Failure;

/// What is not known of the secrets, to be asked for in one error.
#[derive(Debug, Default)]
pub struct Unknown {
    /// The sources without an account, and those without a region.
    pub account: BTreeSet<String>,
    pub region: BTreeSet<String>,
    /// The roles whose callers are in an account that is not known.
    pub trusting: BTreeSet<String>,
    /// Whether the region is that of an agent, which no setting of this machine names.
    pub is_region_of_agent: bool,
}

impl Unknown {
    /// Fails if anything is not known.
    pub fn fail(self) -> Result<(), Failure> {
        let Self { account, region, trusting, is_region_of_agent } = &self;
        let sources: Vec<_> = account.union(region).map(String::as_str).collect();
        let what = match (account.is_empty(), region.is_empty()) {
            (true, _) => "the region",
            (false, true) => "the account",
            (false, false) => "the account and the region",
        };
        let of_sources = format!("{what} of {} must be known", sources.join(", "));
        let roles: Vec<_> = trusting.iter().map(String::as_str).collect();
        let of_roles = format!(
            "a trust policy names the account in which the program runs, which must be known for {}",
            roles.join(", ")
        );
        let message = match (sources.is_empty(), roles.is_empty()) {
            (true, true) => return Ok(()),
            (false, true) => of_sources,
            (true, false) => of_roles,
            (false, false) => format!("{of_sources}, and {of_roles}"),
        };
        let options = [
            (!(account.is_empty() && roles.is_empty())).then_some("--account ID"),
            (!region.is_empty()).then_some("--region REGION"),
        ];
        let options: Vec<_> = options.into_iter().flatten().collect();
        let or = if roles.is_empty() { ", or write the whole ARN" } else { "" };
        let why = if *is_region_of_agent {
            "; SECRETS_AWS_TRANSPORT is agent, so the region is that of the agent"
        } else {
            ""
        };
        Err(Failure::usage(message, format!("add {}{or}{why}", options.join(" and "))))
    }
}
