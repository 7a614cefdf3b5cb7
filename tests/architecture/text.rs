//! What any file may and may not say.

use std::{fs, path::Path};

use proc_macro2::{TokenStream, TokenTree};

/// Modules that may say `unsafe`, each with the document that says why it is sound.
const UNSAFE: [(&str, &str); 1] =
    [("secrets-runtime/src/environment.rs", "docs/adr/0003-the-environment.md")];

/// The most lines that a source file has: one that is longer is two ideas.
const MOST_LINES: usize = 400;

/// Folders that hold nothing of ours, or nothing that is written by hand.
const PASSED_OVER: [&str; 3] = [".git", "target", "wip"];

/// Places of this or that machine. Written in halves, as this file is looked at too.
const MACHINE_PATHS: [&str; 4] =
    [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/"), concat!("/wo", "rk/")];

/// Where packages come from is the business of the machine that fetches them.
const REGISTRIES: [&str; 8] = [
    concat!("pypi", ".org"),
    concat!("python", "hosted.org"),
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("registry.npm", "js.org"),
    concat!("deb.debian", ".org"),
    concat!("--index", "-url"),
    concat!("--find", "-links"),
];

/// Files with their paths from the root, `/` between the parts, and their text.
pub type Files = Vec<(String, String)>;

/// Every text file of the project.
pub fn files(root: &Path) -> Files {
    let mut files = Vec::new();
    walk(root, "", &mut files);
    assert!(files.len() > 20, "this is no source tree: {}", root.display());
    files
}

/// Every file of Rust, but for the programs of `tests/ui`, which are wrong on purpose.
pub fn sources(root: &Path) -> Files {
    let ours = |path: &str| path.ends_with(".rs") && !path.starts_with("tests/ui/");
    files(root).into_iter().filter(|(path, _)| ours(path)).collect()
}

fn walk(folder: &Path, prefix: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let entry = entry.expect("a folder can be read");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().expect("an entry has a type");
        if kind.is_dir() {
            if !PASSED_OVER.contains(&name.as_str()) {
                walk(&entry.path(), &format!("{path}/"), files);
            }
        } else if kind.is_file() {
            // What is no UTF-8 is no text.
            files.extend(fs::read_to_string(entry.path()).ok().map(|text| (path, text)));
        }
    }
}

/// A file that is too long.
pub fn length(path: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines > MOST_LINES)
        .then(|| format!("{path} has {lines} lines, at most {MOST_LINES}: it is two ideas"))
}

/// `unsafe`, or an attribute that would allow it, in a module that is not listed.
pub fn says_unsafe(path: &str, text: &str) -> Option<String> {
    let listed = UNSAFE.iter().any(|(module, _)| *module == path);
    let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
    (!listed && is_unsafe(tokens))
        .then(|| format!("{path} says `unsafe`, and is not listed in tests/law/text.rs"))
}

fn is_unsafe(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => is_unsafe(group.stream()),
        TokenTree::Ident(ident) => ident == "unsafe" || ident == "unsafe_code",
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// Paths of a machine, and addresses of registries. What was recorded from other systems is left as it is.
pub fn machine(path: &str, text: &str) -> Vec<String> {
    if path.starts_with("tests/vectors/") {
        return Vec::new();
    }
    let mut flaws = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let place = format!("{path}:{}", number + 1);
        if MACHINE_PATHS.iter().any(|start| begins_a_path(line, start)) {
            flaws.push(format!("{place} has a path of some machine"));
        }
        if REGISTRIES.iter().any(|name| line.contains(name)) {
            flaws.push(format!("{place} names a registry"));
        }
    }
    flaws
}

/// Whether an absolute path begins like this; it does not where it goes on from something before it.
fn begins_a_path(line: &str, start: &str) -> bool {
    line.match_indices(start).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|before| before.is_alphanumeric() || "_.-~}/".contains(before))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_hundred_lines_are_fine_and_one_more_is_not() {
        assert_eq!(length("a.rs", &"\n".repeat(400)), None);
        assert!(length("a.rs", &"\n".repeat(401)).is_some());
    }

    #[test]
    fn code_that_is_unsafe_is_found_wherever_it_is() {
        for text in [
            "fn f() { g(|| unsafe { h() }) }",
            "unsafe impl Send for X {}",
            "#![allow(unsafe_code)]",
            "macro_rules! m { () => { unsafe {} } }",
        ] {
            assert!(says_unsafe("secrets-runtime/src/value.rs", text).is_some(), "{text}");
        }
    }

    #[test]
    fn the_word_alone_is_not_code() {
        let text = "//! unsafe\n/* unsafe */ const A: &str = \"unsafe\"; fn unsafe_name() {}";
        assert_eq!(says_unsafe("a.rs", text), None);
    }

    #[test]
    fn a_machines_path_is_found_and_a_relative_one_is_not() {
        for start in MACHINE_PATHS {
            assert_eq!(machine("README.md", &format!("see {start}ada/x")).len(), 1, "{start}");
            assert_eq!(
                machine("README.md", &format!("see target{start}x or ${{X}}{start}x")).len(),
                0,
                "{start}"
            );
            assert_eq!(
                machine("tests/vectors/a.json", &format!("see {start}ada/x")).len(),
                0,
                "{start}"
            );
        }
    }

    #[test]
    fn a_registrys_address_is_found() {
        for name in REGISTRIES {
            assert_eq!(
                machine("a.txt", &format!("\nhttps://{name}")),
                ["a.txt:2 names a registry"]
            );
        }
        assert_eq!(machine("README.md", "it is on crates.io").len(), 0);
    }
}
