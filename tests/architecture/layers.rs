//! The law inside the runtime.

use crate::imports::Crate;

/// The layers of `secrets_runtime`, from top to bottom. A module may import from its own layer and from all
/// below it. What needs something of a layer above is given a handle.
const LAYERS: [(&str, &[&str]); 6] = [
    ("__private", &["__private"]),
    (
        "resolver",
        &[
            "resolver",
            "declaration",
            "written",
            "get_secret",
            "testing",
            "conformance",
            "validation",
            "cli",
            "config",
        ],
    ),
    (
        "settings, cache, chain, backends",
        &["settings", "cache", "chain", "backends", "environment"],
    ),
    ("backend", &["backend", "call", "changes", "decode", "owned_request", "stored_secret"]),
    (
        "context",
        &[
            "context",
            "defaults",
            "stack",
            "secrets",
            "fields",
            "group",
            "variables",
            "files",
            "run_folder",
            "render",
            "typed",
            "payload_json",
            "overrides",
        ],
    ),
    (
        "value, error",
        &["value", "error", "warning", "text", "timer", "trust", "io_thread", "block_on", "join"],
    ),
];

/// Imports that run upwards, and modules that have no layer.
pub fn flaws(runtime: &Crate) -> Vec<String> {
    let mut flaws = Vec::new();
    for module in runtime.top_level() {
        if layer(module).is_none() {
            flaws.push(format!(
                "the module `{module}` has no layer: put it into LAYERS in tests/law/layers.rs"
            ));
        }
    }
    for import in runtime.imports() {
        if let (Some(from), Some(to)) = (layer(top(&import.from)), layer(top(&import.to)))
            && from > to
        {
            let (from, to) = (LAYERS[from].0, LAYERS[to].0);
            flaws.push(format!("{import}: from the layer `{from}` up to `{to}`"));
        }
    }
    flaws
}

/// The place in [`LAYERS`]: the lower the layer, the higher the number.
fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|(_, modules)| modules.contains(&module))
}

fn top(module: &str) -> &str {
    module.split("::").next().unwrap_or(module)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flaws_of(files: &[(&str, &str)]) -> Vec<String> {
        flaws(&Crate::from_texts("secrets_runtime", files))
    }

    #[test]
    fn an_import_that_runs_upwards_is_a_flaw() {
        let root = ("lib.rs", "mod resolver; mod backend; pub use resolver::Resolver;");
        let down = [root, ("resolver.rs", "use crate::backend::Backend;"), ("backend.rs", "")];
        assert!(flaws_of(&down).is_empty());
        for text in
            ["use crate::resolver::X;", "use crate::Resolver;", "fn f() { crate::Resolver::new() }"]
        {
            let up = [root, ("resolver.rs", "pub struct Resolver;"), ("backend.rs", text)];
            let flaws = flaws_of(&up);
            assert_eq!(flaws.len(), 1, "{text}");
            assert!(flaws[0].ends_with("from the layer `backend` up to `resolver`"), "{flaws:?}");
        }
    }

    #[test]
    fn a_module_of_a_module_is_in_its_layer() {
        let files = [
            ("lib.rs", "mod backends; mod resolver;"),
            ("backends.rs", "pub mod local;"),
            ("backends/local.rs", "use crate::resolver::Resolver;"),
            ("resolver.rs", ""),
        ];
        assert_eq!(flaws_of(&files).len(), 1);
    }

    #[test]
    fn an_unknown_module_asks_for_its_layer() {
        let flaws = flaws_of(&[("lib.rs", "mod novelty;"), ("novelty.rs", "")]);
        assert!(flaws.len() == 1 && flaws[0].contains("LAYERS"), "{flaws:?}");
    }
}
