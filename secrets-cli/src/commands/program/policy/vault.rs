//! A policy of Vault or OpenBao for the paths that are read.

use std::collections::BTreeSet;

use secrets_runtime::admin::SourceRoute;
use secrets_spec::{BuiltIn, OptionValue, Options};

use crate::output::escape::json_string;

/// The parts of a path, after the mount, whose reading makes credentials: `database/creds/readonly`.
const LEASED: [&str; 4] = ["creds", "static-creds", "static-cred", "sts"];

/// Returns the rules of a policy, one for each path.
pub fn rules(routes: &[SourceRoute]) -> Vec<String> {
    let paths: BTreeSet<String> = routes
        .iter()
        .filter(|route| route.is_of(BuiltIn::Vault.name()))
        .map(|route| {
            // A request without a group names the secret by its key.
            let id =
                if route.id.is_empty() { route.key.as_deref().unwrap_or("") } else { &route.id };
            path_of(id, &route.options)
        })
        .collect();
    let rule =
        |path: &String| format!("path {} {{\n  capabilities = [\"read\"]\n}}\n", json_string(path));
    paths.iter().map(rule).collect()
}

/// Returns the path of a secret in the API. The id is `MOUNT/PATH`; the engine of version 2 keeps the values below
/// `MOUNT/data`.
fn path_of(id: &str, options: &Options) -> String {
    let version = match options.get("kv") {
        Some(OptionValue::Text(version)) => Some(version),
        _ => None,
    };
    let Some((mount, path)) = id.split_once('/') else { return id.to_owned() };
    let engine = path.split('/').next().unwrap_or_default();
    match version.as_deref() {
        Some("1") => id.to_owned(),
        None if LEASED.contains(&engine) => id.to_owned(),
        _ => format!("{mount}/data/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_that_of_the_engine() {
        let with = |version: Option<&str>| {
            let mut options = Options::default();
            if let Some(version) = version {
                options.set("kv", OptionValue::Text(version.to_owned()));
            }
            options
        };
        assert_eq!(path_of("secret/app/db", &with(None)), "secret/data/app/db");
        assert_eq!(path_of("secret/app/db", &with(Some("2"))), "secret/data/app/db");
        assert_eq!(path_of("kv/app/db", &with(Some("1"))), "kv/app/db");
        assert_eq!(path_of("database/creds/readonly", &with(None)), "database/creds/readonly");
        assert_eq!(path_of("kv/creds/db", &with(Some("2"))), "kv/data/creds/db");
    }
}
