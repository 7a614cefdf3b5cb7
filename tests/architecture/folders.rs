//! How files are laid out in folders.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};

use crate::files::Files;

/// The most entries of a folder: one with more wants folders of its own.
const MAX_ENTRIES: usize = 22;

/// Source folders with too many entries. A program that must not compile and its text are one entry.
pub fn crowded<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut folders = BTreeMap::<&str, BTreeSet<&str>>::new();
    for path in paths {
        for (at, _) in path.match_indices('/') {
            let (folder, rest) = (&path[..at], &path[at + 1..]);
            let entry = rest.split('/').next().unwrap_or(rest);
            let entry = entry.strip_suffix(".stderr").unwrap_or(entry);
            let entry = entry.strip_suffix(".rs").unwrap_or(entry);
            folders.entry(folder).or_default().insert(entry);
        }
    }
    let crowded = folders
        .iter()
        .filter(|(folder, entries)| is_of_sources(folder) && entries.len() > MAX_ENTRIES);
    crowded
        .map(|(folder, entries)| {
            format!("{folder} has {} entries, at most {MAX_ENTRIES}", entries.len())
        })
        .collect()
}

/// Folders under a `src` or a `tests`, and these. Snapshots are written and named by a tool.
fn is_of_sources(folder: &str) -> bool {
    let parts: Vec<_> = folder.split('/').collect();
    ["src", "tests"].iter().any(|name| parts.contains(name)) && !parts.contains(&"snapshots")
}

/// Modules in another style than a folder with a `mod.rs`: `x.rs` beside a folder `x`, and what `#[path]` places.
pub fn module_style(sources: &Files) -> Vec<String> {
    let mut flaws = Vec::new();
    for (path, text) in sources {
        let stem = path.strip_suffix(".rs").unwrap_or(path);
        if sources.iter().any(|(other, _)| is_below(stem, other)) {
            flaws.push(format!("{path} is beside the folder {stem}/: move it to {stem}/mod.rs"));
        }
        let tokens = text.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
        if has_path_attribute(tokens) {
            flaws.push(format!("{path} places a module by `#[path]`"));
        }
    }
    flaws
}

fn is_below(folder: &str, path: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether an attribute says `path = ..`, also inside `cfg_attr`.
fn has_path_attribute(tokens: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |at: usize, wanted: char| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == wanted);
    tokens.iter().enumerate().any(|(at, token)| {
        let TokenTree::Group(group) = token else { return false };
        let after_hash = at > 0 && is(at - 1, '#');
        after_hash && says_path(group.stream()) || has_path_attribute(group.stream())
    })
}

/// Whether this is `path = ".."`, or `cfg_attr(.., path = "..")`.
fn says_path(attribute: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = attribute.into_iter().collect();
    let says = |tokens: &[TokenTree]| {
        matches!(tokens, [TokenTree::Ident(name), TokenTree::Punct(sign), TokenTree::Literal(_), ..]
            if name == "path" && sign.as_char() == '=')
    };
    let [TokenTree::Ident(name), TokenTree::Group(inside)] = tokens.as_slice() else {
        return says(&tokens);
    };
    let inside: Vec<TokenTree> = inside.stream().into_iter().collect();
    name == "cfg_attr" && inside.windows(3).any(says)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowded_of(paths: &[String]) -> Vec<String> {
        crowded(paths.iter().map(String::as_str))
    }

    /// So many files of this folder.
    fn many(folder: &str, count: usize, end: &str) -> Vec<String> {
        (0..count).map(|number| format!("{folder}/f{number}{end}")).collect()
    }

    #[test]
    fn twenty_two_entries_are_fine_and_one_more_is_not() {
        for folder in
            ["a/src", "a/src/b/c", "tests", "tests/ui/fail/role", "xtask/src", "a/tests/b"]
        {
            assert_eq!(crowded_of(&many(folder, 22, ".rs")), [""; 0]);
            let flaws = crowded_of(&many(folder, 23, ".rs"));
            assert_eq!(flaws, [format!("{folder} has 23 entries, at most 22")]);
        }
        // A folder is one entry, however much is in it.
        let mut paths = many("a/src", 21, ".rs");
        paths.extend(many("a/src/deep", 22, ".rs"));
        assert_eq!(crowded_of(&paths), [""; 0]);
        paths.push("a/src/other/x.rs".to_owned());
        assert_eq!(crowded_of(&paths), ["a/src has 23 entries, at most 22"]);
    }

    #[test]
    fn a_program_and_its_text_are_one_entry() {
        let mut paths = many("tests/ui/fail/role", 22, ".rs");
        paths.extend(many("tests/ui/fail/role", 22, ".stderr"));
        assert_eq!(crowded_of(&paths), [""; 0]);
    }

    #[test]
    fn other_folders_may_be_full() {
        for folder in ["docs", "a/src/snapshots", "a"] {
            assert_eq!(crowded_of(&many(folder, 99, ".snap")), [""; 0]);
        }
    }

    fn style(files: &[(&str, &str)]) -> Vec<String> {
        let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        module_style(&files.iter().map(owned).collect())
    }

    #[test]
    fn a_file_beside_its_folder_is_a_flaw() {
        let flaws = style(&[("a/src/b.rs", ""), ("a/src/b/c.rs", "")]);
        assert_eq!(flaws, ["a/src/b.rs is beside the folder a/src/b/: move it to a/src/b/mod.rs"]);
        let fine = [("a/src/b/mod.rs", ""), ("a/src/b/c.rs", ""), ("a/src/bc.rs", "")];
        assert_eq!(style(&fine), [""; 0]);
    }

    #[test]
    fn a_path_attribute_is_a_flaw_wherever_it_is() {
        for text in [
            "#[path = \"x.rs\"] mod y;",
            "#[doc(hidden)] #[path = \"x.rs\"] pub mod y;",
            "mod z { #[path = \"x.rs\"] mod y; }",
            "#[cfg_attr(not(unix), path = \"x.rs\")] mod y;",
        ] {
            assert_eq!(style(&[("a.rs", text)]).len(), 1, "{text}");
        }
        for text in [
            "// #[path = \"x.rs\"]",
            "const A: &str = \"#[path = 1]\";",
            "fn f() { path = \"x\"; }",
            "#[serde(path = \"x\")] struct A;",
        ] {
            assert_eq!(style(&[("a.rs", text)]), [""; 0], "{text}");
        }
    }
}
