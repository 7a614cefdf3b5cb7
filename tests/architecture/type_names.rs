//! Names of types: each is one thing in all crates of the library.

use std::collections::BTreeMap;

use crate::{module_tree::Crate, scan::Visibility};

/// Types of one name in several files that are one type to all others, and why.
const SHARED: &[Shared<'static>] = &[
    (
        "Handle",
        &[
            "secrets-runtime/src/backends/mount/linux.rs",
            "secrets-runtime/src/backends/mount/other.rs",
        ],
        "one for each operating system",
    ),
    (
        "ResultAdapter",
        &[
            "secrets-runtime/src/private/result_adapter.rs",
            "secrets-runtime/src/private/result_adapter.rs",
        ],
        "one with the feature `guard`, one without it",
    ),
    (
        "Root",
        &[
            "secrets-runtime/src/backends/mount/linux.rs",
            "secrets-runtime/src/backends/mount/other.rs",
        ],
        "one for each operating system",
    ),
];

/// A name, the ends of the paths of the files, and the reason.
type Shared<'a> = (&'a str, &'a [&'a str], &'a str);

/// Structs, enums, unions, traits and type aliases that more than one module can see and that share a name.
pub fn shared(trees: &[&Crate]) -> Vec<String> {
    shared_but(SHARED, trees)
}

fn shared_but(excused: &[Shared<'_>], trees: &[&Crate]) -> Vec<String> {
    let mut homes = BTreeMap::<&str, Vec<String>>::new();
    for tree in trees {
        for module in tree.modules() {
            let file = tree.file_of(module).path.display().to_string();
            let visible =
                module.types.iter().filter(|(_, visibility)| *visibility != Visibility::Private);
            for (name, _) in visible {
                homes.entry(name).or_default().push(file.clone());
            }
        }
    }
    let mut flaws = Vec::new();
    for (name, files, _) in excused {
        let own = homes.entry(name).or_default();
        let is_excused = |home: &String| files.iter().any(|file| home.ends_with(file));
        let first = own.iter().position(is_excused);
        if files.iter().any(|file| !own.iter().any(|home| home.ends_with(file))) {
            flaws.push(format!(
                "SHARED in tests/architecture/type_names.rs has `{name}`, which is not in all its files"
            ));
        }
        // They count as one.
        let mut at = 0;
        own.retain(|home| {
            let keep = !is_excused(home) || Some(at) == first;
            at += 1;
            keep
        });
    }
    homes.retain(|_, homes| homes.len() > 1);
    for (name, homes) in &homes {
        flaws.push(format!("{} types are called {name}: {}", homes.len(), homes.join(", ")));
    }
    flaws
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What two crates share whose roots have these texts.
    fn shared_by(excused: &[Shared<'_>], one: &str, other: &str) -> Vec<String> {
        let (one, other) = (
            Crate::from_texts("one", &[("one.rs", one)]),
            Crate::from_texts("other", &[("other.rs", other)]),
        );
        shared_but(excused, &[&one, &other])
    }

    #[test]
    fn two_visible_types_of_one_name_are_a_flaw() {
        for other in [
            "pub struct Plan;",
            "pub(crate) enum Plan {}",
            "pub(super) trait Plan {}",
            "pub unsafe trait Plan {}",
            "pub type Plan = u8;",
            "mod inside { pub(crate) struct Plan; }",
            "#[derive(Debug)] #[non_exhaustive] pub struct Plan { pub a: u8 }",
        ] {
            let flaws = shared_by(&[], "pub struct Plan;", other);
            assert_eq!(flaws, ["2 types are called Plan: one.rs, other.rs"], "{other}");
        }
        let one =
            shared_by(&[], "pub mod a { pub struct Plan; } pub mod b { pub enum Plan {} }", "");
        assert_eq!(one, ["2 types are called Plan: one.rs, one.rs"]);
    }

    #[test]
    fn private_ones_uses_and_associated_types_are_fine() {
        for other in [
            "struct Plan;",
            "pub use one::Plan;",
            "pub fn f() { struct Plan; }",
            "pub trait A { type Plan; } impl A for u8 { type Plan = u8; }",
            "#[cfg(test)] pub struct Plan;",
            "pub const fn plan() {} struct Plan;",
        ] {
            assert_eq!(shared_by(&[], "pub struct Plan;", other), [""; 0], "{other}");
        }
    }

    #[test]
    fn an_exception_excuses_its_files_and_one_in_vain_is_a_flaw() {
        let excused: &[Shared<'_>] = &[("Plan", &["one.rs", "other.rs"], "one for each system")];
        assert_eq!(shared_by(excused, "pub struct Plan;", "pub struct Plan;"), [""; 0]);
        let flaws = shared_by(excused, "pub struct Plan;", "");
        assert!(flaws.len() == 1 && flaws[0].contains("`Plan`"), "{flaws:?}");
        // A third one.
        let third = Crate::from_texts("third", &[("third.rs", "pub struct Plan;")]);
        let two = ["one", "other"]
            .map(|name| Crate::from_texts(name, &[(&*format!("{name}.rs"), "pub struct Plan;")]));
        let flaws = shared_but(excused, &[&two[0], &two[1], &third]);
        assert_eq!(flaws, ["2 types are called Plan: one.rs, third.rs"]);
    }
}
