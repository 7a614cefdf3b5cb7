//! Files that are too long for one idea, and crumbs that belong to a neighbour.

use std::collections::BTreeSet;

use crate::{
    module_tree::Crate,
    scan::{Name, Visibility},
};

/// The most lines of a source file whose head does not say why it has more.
const MAX_LINES: usize = 420;

/// Begins the line at the head of a file that says why it is longer.
const REASON: &str = "//! Long because: ";

/// A file with fewer lines than this serves more than one neighbour.
const MIN_LINES: usize = 30;

/// A file that is too long and does not say why.
pub fn too_long(path: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    let mut head = text.lines().take_while(|line| line.starts_with("//!"));
    let has_reason =
        head.any(|line| line.strip_prefix(REASON).is_some_and(|why| !why.trim().is_empty()));
    (lines > MAX_LINES && !has_reason).then(|| {
        format!("{path} has {lines} lines, at most {MAX_LINES}: split it, or say `{REASON}..`")
    })
}

/// A short reason that a file needs no longer.
pub fn needless_reason(path: &str, text: &str) -> Option<String> {
    let is_short = text.lines().count() <= MAX_LINES;
    (is_short && text.lines().any(|line| line.starts_with(REASON)))
        .then(|| format!("{path} says `{REASON}..`, and is not long"))
}

/// Short files that one other file of their folder imports, and nobody else. What users can see serves them too;
/// roots, `mod.rs` and tests are left out, and the first two are not neighbours either: they put the others
/// together.
pub fn crumbs(tree: &Crate) -> Vec<String> {
    let mut flaws = Vec::new();
    for (name, file) in tree.files() {
        let is_left_out = tree.is_public(name)
            || file.path.ends_with("mod.rs")
            || name.iter().any(|part| part == "tests" || part.ends_with("_tests"));
        if file.lines >= MIN_LINES || is_left_out {
            continue;
        }
        let Some(importers) = importers(tree, name) else { continue };
        let mut importers = importers.into_iter();
        let (Some(only), None) = (importers.next(), importers.next()) else { continue };
        let neighbour = tree.files().find(|(name, _)| **name == only).map(|(_, file)| &file.path);
        if let Some(neighbour) = neighbour
            && neighbour.parent() == file.path.parent()
            && !only.is_empty()
            && !neighbour.ends_with("mod.rs")
        {
            flaws.push(format!(
                "{} has {} lines and serves {} alone: fold it into that",
                file.path.display(),
                file.lines,
                neighbour.display()
            ));
        }
    }
    flaws
}

/// The files that import a module; none if it is shown to users.
fn importers(tree: &Crate, wanted: &Name) -> Option<BTreeSet<Name>> {
    let mut importers = BTreeSet::new();
    for module in tree.modules().filter(|module| module.owner != *wanted) {
        for import in &module.imports {
            let target = tree.target(&module.owner, import);
            let Some(home) = target.module else { continue };
            // A path through a re-export is an import of the module that defines the item.
            if tree.owner(&home) != wanted {
                continue;
            }
            if import.visibility == Visibility::Public && tree.is_public(&module.name) {
                return None;
            }
            importers.insert(module.owner.clone());
        }
    }
    Some(importers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_hundred_and_twenty_lines_are_fine_and_one_more_is_not() {
        assert_eq!(too_long("a.rs", &"\n".repeat(420)), None);
        assert!(too_long("a.rs", &"\n".repeat(421)).is_some());
    }

    #[test]
    fn a_reason_at_the_head_excuses_and_nothing_else_does() {
        let long = "\n".repeat(421);
        let with = |head: &str| too_long("a.rs", &format!("{head}\n{long}"));
        assert_eq!(with("//! A table.\n//!\n//! Long because: it is one table."), None);
        assert!(with("//! Long because: ").is_some());
        assert!(with("//! A table.\n\n//! Long because: it is one table.").is_some());
        assert!(with("// Long because: it is one table.").is_some());
    }

    #[test]
    fn a_reason_in_a_short_file_is_a_flaw() {
        assert!(needless_reason("a.rs", "//! Long because: it is one table.\n").is_some());
        assert_eq!(needless_reason("a.rs", "//! A table.\n"), None);
    }

    /// The crumbs of a crate with a small module in a folder, and these importers of it.
    fn crumbs_with(root: &str, neighbour: &str, stranger: &str, small: &str) -> Vec<String> {
        crumbs(&Crate::from_texts(
            "own",
            &[
                ("lib.rs", root),
                ("place/mod.rs", "pub mod small; pub mod neighbour;"),
                ("place/small.rs", small),
                ("place/neighbour.rs", neighbour),
                ("stranger.rs", stranger),
            ],
        ))
    }

    const ROOT: &str = "mod place; mod stranger;";
    const USE: &str = "use crate::place::small::Small;";

    #[test]
    fn a_short_file_for_one_neighbour_is_a_flaw() {
        let flaws = crumbs_with(ROOT, USE, "", "pub struct Small;");
        assert_eq!(
            flaws,
            ["place/small.rs has 1 lines and serves place/neighbour.rs alone: fold it into that"]
        );
        let almost = format!("pub struct Small;{}", "\n".repeat(29));
        assert_eq!(crumbs_with(ROOT, USE, "", &almost).len(), 1);
        // An import by a test of the stranger does not count.
        let tested = format!("#[cfg(test)] mod tests {{ {USE} }}");
        assert_eq!(crumbs_with(ROOT, USE, &tested, "pub struct Small;").len(), 1);
    }

    #[test]
    fn a_longer_file_one_for_others_and_one_for_users_are_fine() {
        let longer = format!("pub struct Small;{}", "\n".repeat(30));
        assert_eq!(crumbs_with(ROOT, USE, "", &longer), [""; 0]);
        assert_eq!(crumbs_with(ROOT, USE, USE, "pub struct Small;"), [""; 0]);
        assert_eq!(crumbs_with(ROOT, "", USE, "pub struct Small;"), [""; 0]);
        let parent = crumbs(&Crate::from_texts(
            "own",
            &[
                ("lib.rs", "mod place;"),
                ("place/mod.rs", "mod small; use small::Small;"),
                ("place/small.rs", "pub struct Small;"),
            ],
        ));
        assert_eq!(parent, [""; 0]);
        let public = ROOT.replace("mod place", "pub mod place");
        assert_eq!(crumbs_with(&public, USE, "", "pub struct Small;"), [""; 0]);
        let shown = format!("{ROOT} pub use place::small::Small;");
        assert_eq!(crumbs_with(&shown, USE, "", "pub struct Small;"), [""; 0]);
    }
}
