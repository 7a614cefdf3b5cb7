//! A Role of Kubernetes for the Secrets that are read, and its binding.

use std::collections::{BTreeMap, BTreeSet};

use secrets_runtime::admin::SourceRoute;
use secrets_spec::BuiltIn;

use crate::{args::program_args::Policy, output::escape::json_string};

/// Returns a Role of this name and its binding for each namespace.
pub fn roles(name: &str, routes: &[SourceRoute], args: &Policy) -> Vec<String> {
    let mut namespaces: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for route in routes.iter().filter(|route| route.is_of(BuiltIn::Kubernetes.name())) {
        // A request without a group names the Secret by its key.
        let id = if route.id.is_empty() { route.key.as_deref().unwrap_or("") } else { &route.id };
        let (namespace, secret) = id.split_once('/').unwrap_or((&args.namespace, id));
        namespaces.entry(namespace).or_default().insert(secret);
    }
    let objects = namespaces.iter().flat_map(|(namespace, secrets)| {
        [role(name, namespace, secrets), binding(name, namespace, args)]
    });
    objects.collect()
}

fn role(name: &str, namespace: &str, secrets: &BTreeSet<&str>) -> String {
    let names = secrets.iter().map(|secret| format!("      - {}\n", json_string(secret)));
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\n\
         kind: Role\n\
         metadata:\n  name: {}\n  namespace: {}\n\
         rules:\n  - apiGroups: [\"\"]\n    resources: [\"secrets\"]\n    verbs: [\"get\"]\n    resourceNames:\n{}",
        json_string(name),
        json_string(namespace),
        names.collect::<String>(),
    )
}

fn binding(name: &str, namespace: &str, args: &Policy) -> String {
    let name = json_string(name);
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\n\
         kind: RoleBinding\n\
         metadata:\n  name: {name}\n  namespace: {}\n\
         roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n  name: {name}\n\
         subjects:\n  - kind: ServiceAccount\n    name: {}\n    namespace: {}\n",
        json_string(namespace),
        json_string(&args.service_account),
        json_string(&args.namespace),
    )
}

/// Returns a text as the name of an object: a DNS subdomain (RFC 1123).
pub fn object_name(text: &str) -> String {
    let replace =
        |c: char| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
    let name: String = text.chars().map(replace).take(253).collect();
    let mut name = name.trim_matches(['-', '.']).to_owned();
    while let Some(double) = ["..", ".-", "-."].iter().find(|double| name.contains(**double)) {
        name = name.replace(double, "-");
    }
    if name.is_empty() { "secrets".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_becomes_the_name_of_an_object() {
        for (text, name) in [
            ("prod-db", "prod-db"),
            ("Team/DB_main", "team-db-main"),
            ("-a..b.-c-", "a-b-c"),
            ("///", "secrets"),
        ] {
            assert_eq!(object_name(text), name);
        }
        assert!(object_name(&"x".repeat(500)).len() <= 253);
    }
}
