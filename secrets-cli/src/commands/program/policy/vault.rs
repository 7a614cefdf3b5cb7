//! A policy of Vault or OpenBao for the paths that are read.

use std::collections::BTreeSet;

use secrets_runtime::{ErrorKind, admin::SourceRoute};
use secrets_spec::{BuiltIn, OptionValue, Options};

use crate::{
    failure::{Failure, error_about, fail_on_any},
    output::escape::json_string,
};

/// The parts of a path, after the mount, whose reading makes credentials: `database/creds/readonly`.
const LEASED: [&str; 4] = ["creds", "static-creds", "static-cred", "sts"];

/// Returns the rules of a policy, one for each path.
///
/// # Errors
/// If a path has a wildcard of policies, so that a rule would permit more.
pub fn rules(routes: &[SourceRoute]) -> Result<Vec<String>, Failure> {
    let mut paths = BTreeSet::new();
    let mut wrong = Vec::new();
    for route in routes.iter().filter(|route| route.is_of(BuiltIn::Vault.name())) {
        // A request without a group names the secret by its key.
        let id = if route.id.is_empty() { route.key.as_deref().unwrap_or("") } else { &route.id };
        if id.ends_with('*') || id.split('/').any(|segment| segment == "+") {
            let message = "a policy cannot name this path alone: `*` at its end and a segment `+` are wildcards there";
            let help = "give the secret another name, or write the rule by hand";
            wrong.push(error_about(&route.source, ErrorKind::InvalidSource, message, help));
        }
        paths.insert(path_of(id, &route.options));
    }
    fail_on_any(wrong)?;
    let rule =
        |path: &String| format!("path {} {{\n  capabilities = [\"read\"]\n}}\n", json_string(path));
    Ok(paths.iter().map(rule).collect())
}

/// Returns the path of a secret in the API. The id is `MOUNT/PATH`; the engine of version 2 keeps the values below
/// `MOUNT/data`.
fn path_of(id: &str, options: &Options) -> String {
    let Some((mount, path)) = id.split_once('/') else { return id.to_owned() };
    let engine = path.split('/').next().unwrap_or_default();
    match options.get("kv") {
        Some(OptionValue::Number(1)) => id.to_owned(),
        None if LEASED.contains(&engine) => id.to_owned(),
        _ => format!("{mount}/data/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_that_of_the_engine() {
        let with = |version: Option<u8>| {
            let mut options = Options::default();
            if let Some(version) = version {
                options.set("kv", OptionValue::Number(version));
            }
            options
        };
        assert_eq!(path_of("secret/app/db", &with(None)), "secret/data/app/db");
        assert_eq!(path_of("secret/app/db", &with(Some(2))), "secret/data/app/db");
        assert_eq!(path_of("kv/app/db", &with(Some(1))), "kv/app/db");
        assert_eq!(path_of("database/creds/readonly", &with(None)), "database/creds/readonly");
        assert_eq!(path_of("kv/creds/db", &with(Some(2))), "kv/data/creds/db");
    }
}
