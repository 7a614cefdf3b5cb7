//! A path names the module that defines the item: nothing is imported through the root or through a re-export on
//! the way, and a re-export is there for users alone.

use crate::{
    module_tree::Crate,
    scan::{Import, Module, Visibility},
};

/// Paths that do not name the module that defines the item. Macros of `macro_rules` are left out, as they have no
/// path of their own, and so are `$crate` paths, which have to be open to users of the macro.
pub fn detours(tree: &Crate) -> Vec<String> {
    let below_the_root = tree.modules().filter(|module| !module.owner.is_empty());
    let imports =
        below_the_root.flat_map(|module| module.imports.iter().map(move |import| (module, import)));
    let mut flaws: Vec<_> =
        imports.filter_map(|(module, import)| detour(tree, module, import)).collect();
    flaws.dedup();
    flaws
}

fn detour(tree: &Crate, module: &Module, import: &Import) -> Option<String> {
    let target = tree.target(&module.owner, import);
    if import.expands || target.is_macro {
        return None;
    }
    let place = || tree.file_of(module).path.display().to_string();
    let path = || format!("crate::{}", import.path.join("::"));
    if let Some(through) = &target.through {
        let home = match &target.module {
            Some(home) => format!("import it from {}", shown(home)),
            None => "import it from its crate".to_owned(),
        };
        let through = shown(through);
        return Some(format!("{}: {} goes through {through}: {home}", place(), path()));
    }
    // An item of the root, not a module in it; a macro that is exported from anywhere is in the root too.
    let in_the_root = target.module.is_some_and(|home| home.is_empty());
    let is_exported_macro = import
        .path
        .first()
        .is_some_and(|name| tree.modules().any(|module| module.macros.contains(name)));
    (in_the_root && !is_exported_macro)
        .then(|| format!("{}: {} is defined by the root: give it a module", place(), path()))
}

/// Re-exports that no user sees. Left out are those of macros, which get a path by them, and those that choose
/// between modules for operating systems.
pub fn unseen_by_users(tree: &Crate) -> Vec<String> {
    let mut flaws = Vec::new();
    for module in tree.modules() {
        for import in &module.imports {
            let for_users = import.visibility == Visibility::Public && tree.is_public(&module.name);
            let is_private = import.visibility == Visibility::Private;
            if is_private
                || for_users
                || import.for_a_system
                || tree.target(&module.owner, import).is_macro
            {
                continue;
            }
            flaws.push(format!(
                "{}: a re-export of {} that no user sees",
                tree.file_of(module).path.display(),
                import.path.join("::")
            ));
        }
    }
    flaws
}

fn shown(module: &[String]) -> String {
    if module.is_empty() { "the root".to_owned() } else { format!("`{}`", module.join("::")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crate whose root and whose public module `shop` show `Thing`, which `shop::stock` defines.
    fn tree(module: &str) -> Crate {
        Crate::from_texts(
            "own",
            &[
                (
                    "lib.rs",
                    "mod a; pub mod shop; pub use shop::Thing; pub use sister::Sister; pub fn f() {}",
                ),
                ("a.rs", module),
                ("shop/mod.rs", "mod stock; mod tools; pub use stock::Thing; use std::fmt::Debug;"),
                ("shop/stock.rs", "pub struct Thing; pub fn make() {}"),
                ("shop/tools.rs", "macro_rules! tool { () => {} } pub(crate) use tool;"),
            ],
        )
    }

    #[test]
    fn a_path_through_the_root_or_a_re_export_is_a_flaw() {
        for (text, through) in [
            ("use crate::Thing;", "the root"),
            ("use crate::{Thing as Other};", "the root"),
            ("fn f(x: crate::Thing) {}", "the root"),
            ("use super::Thing;", "the root"),
            ("use own::Thing;", "the root"),
            ("use crate::shop::Thing;", "`shop`"),
            ("fn f() { crate::shop::Thing::new() }", "`shop`"),
            ("use crate::Sister;", "the root"),
            ("use crate::shop::Debug;", "`shop`"),
            ("mod inside { use crate::Thing; }", "the root"),
        ] {
            let flaws = detours(&tree(text));
            assert_eq!(flaws.len(), 1, "{text}: {flaws:?}");
            assert!(flaws[0].contains(&format!("goes through {through}")), "{flaws:?}");
        }
    }

    #[test]
    fn an_item_of_the_root_is_a_flaw() {
        for text in ["use crate::f;", "use super::*;", "fn g() { crate::f() }"] {
            let flaws = detours(&tree(text));
            assert!(flaws.len() == 1 && flaws[0].contains("is defined by the root"), "{text}");
        }
    }

    #[test]
    fn the_defining_module_macros_and_other_crates_are_fine() {
        for text in [
            "use crate::shop::stock::Thing;",
            "use crate::shop; fn f() { shop::stock::make() }",
            "use crate::shop::stock::Thing; fn f() { Thing::new() } mod inside { use super::Thing; }",
            "use crate::shop::tools::tool;",
            "use sister::Thing;",
            "macro_rules! m { () => { $crate::Thing } }",
            "#[cfg(test)] mod tests { use crate::Thing; }",
        ] {
            assert_eq!(detours(&tree(text)), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_re_export_that_no_user_sees_is_a_flaw() {
        for text in [
            "pub use crate::shop::stock::Thing;",
            "pub(crate) use crate::shop::stock::Thing;",
            "pub mod open { pub use std::fmt; }",
            "macro_rules! m { () => {} } pub(crate) use std::fmt;",
        ] {
            let flaws = unseen_by_users(&tree(text));
            assert!(flaws.len() == 1 && flaws[0].starts_with("a.rs: "), "{text}: {flaws:?}");
        }
        // The root, a public module, and a macro.
        assert_eq!(unseen_by_users(&tree("use crate::shop::stock::Thing;")), [""; 0]);
    }

    #[test]
    fn a_choice_between_operating_systems_is_fine_and_one_between_features_is_not() {
        let tree = |condition: &str| {
            let choice = format!("mod inner; #[cfg({condition})] pub(crate) use inner::f;");
            Crate::from_texts(
                "own",
                &[
                    ("lib.rs", "mod system; mod user;"),
                    ("system/mod.rs", &choice),
                    ("system/inner.rs", "pub fn f() {}"),
                    ("user.rs", "use crate::system::f;"),
                ],
            )
        };
        for condition in ["unix", "not(windows)", "any(unix, windows)", "target_os = \"linux\""] {
            let tree = tree(condition);
            assert_eq!([detours(&tree), unseen_by_users(&tree)].concat(), [""; 0], "{condition}");
        }
        for condition in ["feature = \"x\"", "debug_assertions"] {
            let tree = tree(condition);
            assert_eq!((detours(&tree).len(), unseen_by_users(&tree).len()), (1, 1), "{condition}");
        }
    }
}
