//! The layers inside the runtime: a folder, or a file, each.

use crate::{imports, module_tree::Crate};

/// The layers of `secrets_runtime`, from top to bottom. A module may import from its own layer and from all
/// below it. What needs something of a layer above is given a handle.
const LAYERS: &[&[&str]] = &[
    &["preflight"],
    &["private"],
    &["admin", "config", "testing", "cli", "conformance"],
    &["resolver"],
    &["cache"],
    &["backends"],
    &["credentials"],
    &["context"],
    &["mask"],
    &["payload"],
    &["backend"],
    &["audit"],
    &["settings", "declaration"],
    &["rt"],
    &["core", "permissions"],
];

/// Imports that run upwards, modules that have no layer, and names in the table that no module has.
pub fn flaws(runtime: &Crate) -> Vec<String> {
    flaws_by(LAYERS, runtime)
}

fn flaws_by(layers: &[&[&str]], runtime: &Crate) -> Vec<String> {
    let layer = |module: &str| {
        let top = module.split("::").next().unwrap_or(module);
        layers.iter().position(|modules| modules.contains(&top))
    };
    let mut flaws = Vec::new();
    for module in runtime.top_level() {
        if layer(module).is_none() {
            flaws.push(format!(
                "the module `{module}` has no layer: put it into LAYERS in tests/architecture/layers.rs"
            ));
        }
    }
    for name in layers.iter().copied().flatten() {
        if !runtime.top_level().any(|module| module == *name) {
            flaws.push(format!(
                "LAYERS in tests/architecture/layers.rs has `{name}`, which is not a module"
            ));
        }
    }
    for import in imports::all(runtime) {
        if let (Some(from), Some(to)) = (layer(&import.from), layer(&import.to))
            && from > to
        {
            let (from, to) = (layers[from].join(", "), layers[to].join(", "));
            flaws.push(format!("{import}: from the layer `{from}` up to `{to}`"));
        }
    }
    flaws
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[&[&str]] = &[&["resolver"], &["backend", "settings"]];

    fn flaws_of(files: &[(&str, &str)]) -> Vec<String> {
        flaws_by(TWO, &Crate::from_texts("secrets_runtime", files))
    }

    /// A crate with all of [`TWO`], and this in `backend`.
    fn flaws_with(backend: &str) -> Vec<String> {
        flaws_of(&[
            ("lib.rs", "mod resolver; mod backend; mod settings; pub use resolver::Resolver;"),
            ("resolver/mod.rs", "use crate::backend::Backend; pub struct Resolver;"),
            ("backend/mod.rs", backend),
            ("backend/inner.rs", "use crate::resolver::Resolver;"),
            ("settings.rs", ""),
        ])
    }

    #[test]
    fn an_import_that_runs_upwards_is_a_flaw() {
        assert_eq!(flaws_with("pub struct Backend;"), [""; 0]);
        assert_eq!(flaws_with("use crate::settings::X;"), [""; 0], "its own layer");
        for text in [
            "use crate::resolver::X;",
            "use crate::Resolver;",
            "fn f() { crate::Resolver::new() }",
            "mod inner;",
        ] {
            let flaws = flaws_with(text);
            assert_eq!(flaws.len(), 1, "{text}");
            let end = "from the layer `backend, settings` up to `resolver`";
            assert!(flaws[0].ends_with(end), "{flaws:?}");
        }
    }

    #[test]
    fn an_unknown_module_asks_for_its_layer_and_a_dead_row_is_found() {
        let files = [
            ("lib.rs", "mod novelty; mod resolver; mod backend; mod settings {}"),
            ("novelty.rs", ""),
            ("resolver.rs", ""),
            ("backend.rs", ""),
        ];
        let flaws = flaws_of(&files);
        assert_eq!(flaws.len(), 2, "{flaws:?}");
        assert!(flaws[0].contains("`novelty` has no layer"), "{flaws:?}");
        // A module that is written inside the root is the root's.
        assert!(flaws[1].contains("has `settings`, which is not a module"), "{flaws:?}");
    }
}
