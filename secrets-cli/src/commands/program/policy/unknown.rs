use std::collections::BTreeSet;

use crate::failure::Failure;

/// What is not known of the secrets, to be asked for in one error.
#[derive(Debug, Default)]
pub struct Unknown {
    /// The sources without an account, and those without a region.
    pub account: BTreeSet<String>,
    pub region: BTreeSet<String>,
}

impl Unknown {
    /// Fails if anything is not known.
    pub fn fail(self) -> Result<(), Failure> {
        let (account, region) = (&self.account, &self.region);
        let what = match (account.is_empty(), region.is_empty()) {
            (true, true) => return Ok(()),
            (false, true) => "the account",
            (true, false) => "the region",
            (false, false) => "the account and the region",
        };
        let sources: Vec<_> = account.union(region).map(String::as_str).collect();
        let message = format!("{what} of {} must be known", sources.join(", "));
        let options = [
            (!account.is_empty()).then_some("--account ID"),
            (!region.is_empty()).then_some("--region REGION"),
        ];
        let options: Vec<_> = options.into_iter().flatten().collect();
        let help = format!("add {}, or write the whole ARN", options.join(" and "));
        Err(Failure::usage(message, help))
    }
}
