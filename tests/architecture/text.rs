//! What any file may and may not say.

use proc_macro2::{TokenStream, TokenTree};

use crate::files::Files;

/// Modules that may say `unsafe`, each with the document that says why it is sound.
const UNSAFE: [(&str, &str); 2] = [
    ("secrets-runtime/src/context/process_env.rs", "docs/adr/0003-the-environment.md"),
    ("secrets-runtime/src/process/wiping_allocator.rs", "docs/adr/0014-leak-guard-and-memory.md"),
];

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

/// `unsafe`, or an attribute that would allow it, in a module that is not listed.
pub fn says_unsafe(path: &str, text: &str) -> Option<String> {
    let listed = UNSAFE.iter().any(|(module, _)| *module == path);
    (!listed && is_unsafe(tokens(path, text)))
        .then(|| format!("{path} says `unsafe`, and is not listed in tests/architecture/text.rs"))
}

/// Modules in the table of those that may say `unsafe` which do not exist, or no longer need to.
pub fn unused_exceptions(sources: &Files) -> Vec<String> {
    let is_used = |path: &str| {
        let file = sources.iter().find(|(known, _)| known == path);
        file.is_some_and(|(path, text)| is_unsafe(tokens(path, text)))
    };
    let unused = UNSAFE.iter().filter(|(path, _)| !is_used(path));
    unused
        .map(|(path, _)| format!("UNSAFE in tests/architecture/text.rs has {path} in vain"))
        .collect()
}

fn tokens(path: &str, text: &str) -> TokenStream {
    text.parse().unwrap_or_else(|error| panic!("{path}: {error}"))
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
    fn an_unused_exception_is_found() {
        let file = |text: &str| vec![(UNSAFE[0].0.to_owned(), text.to_owned())];
        assert!(unused_exceptions(&file("fn f() { unsafe { g() } }")).is_empty());
        assert_eq!(unused_exceptions(&file("fn f() {}")).len(), 1);
        assert_eq!(unused_exceptions(&Files::new()).len(), 1);
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
