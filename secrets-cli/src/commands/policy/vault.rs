//! A policy of Vault or OpenBao for the paths that are read.

use std::collections::BTreeMap;

use secrets_runtime::{ErrorKind, admin::SourceRoute};
use secrets_spec::{BuiltIn, OptionValue, Options, check_id};

use crate::{
    failure::{Failure, error_about, fail_on_any},
    output::escape::json_string,
};

/// The parts of a path, after the mount, whose reading makes credentials: `database/creds/readonly`.
const ENGINES: [&str; 4] = ["creds", "static-creds", "static-cred", "sts"];

/// Those of them whose credentials have a lease. The others stay when nobody uses them.
const LEASED: [&str; 2] = ["creds", "sts"];

/// Returns the rules of a policy, one for each path. Leases are revoked when they are no longer used, for which there is
/// a rule too.
///
/// # Errors
/// If an id is not a path, or a path has a wildcard or a template of policies, so that a rule would permit more.
pub fn rules(routes: &[SourceRoute]) -> Result<Vec<String>, Failure> {
    let mut rules = BTreeMap::new();
    let mut wrong = Vec::new();
    for route in routes.iter().filter(|route| route.is_of(BuiltIn::Vault.name())) {
        // A request without a group names the secret by its key.
        let id = if route.id.is_empty() { route.key.as_deref().unwrap_or("") } else { &route.id };
        let mut refuse = |message: &str, help: &str| {
            wrong.push(error_about(&route.source, ErrorKind::InvalidSource, message, help));
        };
        if let Some(flaw) = check_id(Some(BuiltIn::Vault.name()), id) {
            let error = flaw.explain(id);
            refuse(error.message(), error.help().unwrap_or("correct the source"));
        }
        let by_hand = "give the secret another name, or write the rule by hand";
        if id.ends_with('*') || id.split('/').any(|segment| segment == "+") {
            refuse(
                "a policy cannot name this path alone: `*` at its end and a segment `+` are wildcards there",
                by_hand,
            );
        }
        if id.contains("{{") || id.contains("}}") {
            refuse(
                "a policy cannot name this path: `{{` and `}}` enclose a template there",
                by_hand,
            );
        }
        let path = path_of(id, &route.options);
        // The path of a value has another part after the mount.
        if path == id && !is_of_version_1(&route.options) && is_of_engine(id, &LEASED) {
            rules.insert("sys/leases/revoke".to_owned(), "update");
        }
        rules.insert(path, "read");
    }
    fail_on_any(wrong)?;
    let rule = |(path, capability): (&String, &&str)| {
        format!("path {} {{\n  capabilities = [\"{capability}\"]\n}}\n", json_string(path))
    };
    Ok(rules.iter().map(rule).collect())
}

/// Returns the path of a secret in the API. The id is `MOUNT/PATH`; the engine of version 2 keeps the values below
/// `MOUNT/data`.
fn path_of(id: &str, options: &Options) -> String {
    let Some((mount, path)) = id.split_once('/') else { return id.to_owned() };
    let is_path = match options.get("kv") {
        None => is_of_engine(id, &ENGINES),
        Some(_) => is_of_version_1(options),
    };
    if is_path { id.to_owned() } else { format!("{mount}/data/{path}") }
}

fn is_of_version_1(options: &Options) -> bool {
    matches!(options.get("kv"), Some(OptionValue::Number(1)))
}

/// Whether the part after the mount is one of these.
fn is_of_engine(id: &str, parts: &[&str]) -> bool {
    id.split('/').nth(1).is_some_and(|part| parts.contains(&part))
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
