//! The members of the workspace, and which may depend on which.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// A member, as `cargo metadata` describes it.
#[derive(Debug, Default)]
pub struct Member {
    pub name: String,
    /// Its folder, from the root of the workspace.
    pub folder: String,
    pub dependencies: Vec<Dependency>,
    /// The first files of its libraries, programs and tests.
    pub roots: Vec<Root>,
    pub license: String,
    pub minimum_rust: String,
}

/// The first file of a library, program or test.
#[derive(Debug)]
pub struct Root {
    pub path: PathBuf,
    pub kind: RootKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootKind {
    Library,
    Program,
    Test,
}

/// One dependency of a member.
#[derive(Debug, Default)]
pub struct Dependency {
    pub name: String,
    pub for_tests: bool,
    /// The folder of the member that it is, if it is one.
    pub member: Option<String>,
}

/// A higher crate may depend on a lower one, never on one of its own height or above.
const HEIGHTS: [(&str, u8); 14] = [
    ("secrets-spec", 0),
    ("secrets-macros", 1),
    ("secrets-runtime", 2),
    ("secrets-flow", 3),
    ("secrets-cli", 4),
    ("examples", 4),
    // It uses the store of the other examples.
    ("examples/checked", 5),
    ("tests", 4),
    ("tests/edition-2021", 4),
    ("tests/guard", 5),
    ("tests/renamed", 4),
    // It stands for crates of others, which know nothing of ours.
    ("tests/foreign", 0),
    // The tests of the command use it too.
    ("tests/support/terminal", 0),
    // It runs the others, and uses nothing of theirs.
    ("xtask", 0),
];

/// Crates whose third-party dependencies are all listed. What only tests use is free.
const LISTED: [(&str, &[&str]); 2] =
    [("secrets-spec", &[]), ("secrets-macros", &["proc-macro2", "quote", "syn"])];

/// Asks cargo for the members.
pub fn read(root: &Path) -> Vec<Member> {
    packages(root).iter().map(|package| member(root, package)).collect()
}

/// Asks cargo for the members, and returns all that it knows of each.
pub fn packages(root: &Path) -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    list(&metadata["packages"]).cloned().collect()
}

fn member(root: &Path, package: &Value) -> Member {
    let folder = |path: &Path| path.strip_prefix(root).map(|path| path.display().to_string());
    let manifest = PathBuf::from(text(&package["manifest_path"]));
    let own = manifest.parent().expect("a manifest is in a folder");
    let dependency = |dependency: &Value| Dependency {
        name: text(&dependency["name"]),
        for_tests: dependency["kind"] == "dev",
        member: dependency["path"].as_str().and_then(|path| folder(Path::new(path)).ok()),
    };
    let root = |target: &Value| {
        let kind = list(&target["kind"]).find_map(|kind| match kind.as_str()? {
            "lib" | "proc-macro" => Some(RootKind::Library),
            "bin" => Some(RootKind::Program),
            "test" => Some(RootKind::Test),
            _ => None,
        })?;
        Some(Root { path: text(&target["src_path"]).into(), kind })
    };
    Member {
        name: text(&package["name"]),
        folder: folder(own).expect("a member is in the workspace"),
        dependencies: list(&package["dependencies"]).map(dependency).collect(),
        roots: list(&package["targets"]).filter_map(root).collect(),
        license: text(&package["license"]),
        minimum_rust: text(&package["rust_version"]),
    }
}

/// Dependencies that do not run downwards, and third-party ones that are not listed.
pub fn direction(members: &[Member]) -> Vec<String> {
    let mut flaws = Vec::new();
    for member in members {
        let Some(own) = height(&member.folder) else {
            flaws.push(format!(
                "{} has no height: put it into HEIGHTS in tests/architecture/crates.rs",
                member.folder
            ));
            continue;
        };
        for dependency in &member.dependencies {
            let name = &dependency.name;
            let listed = LISTED.iter().find(|(listed, _)| *listed == member.folder);
            match &dependency.member {
                Some(folder) if height(folder).is_none_or(|height| height >= own) => {
                    flaws.push(format!(
                        "{} depends on {name}, which is not below it",
                        member.folder
                    ));
                }
                None if !dependency.for_tests
                    && listed.is_some_and(|(_, all)| !all.contains(&name.as_str())) =>
                {
                    flaws.push(format!(
                        "{} depends on {name}, which is not listed for it",
                        member.folder
                    ));
                }
                _ => {}
            }
        }
    }
    flaws
}

/// Rows of [`HEIGHTS`] that are not members.
pub fn dead_rows(members: &[Member]) -> Vec<String> {
    let is_member = |folder: &str| members.iter().any(|member| member.folder == folder);
    let dead = HEIGHTS.iter().filter(|(folder, _)| !is_member(folder));
    dead.map(|(folder, _)| {
        format!("HEIGHTS in tests/architecture/crates.rs has {folder}, which is not a member")
    })
    .collect()
}

/// Manifests that state another licence or no minimum Rust.
pub fn facts(members: &[Member]) -> Vec<String> {
    let mut flaws = Vec::new();
    for member in members {
        if member.license != "MIT OR Apache-2.0" {
            flaws.push(format!(
                "{} has the licence {:?}, not MIT OR Apache-2.0",
                member.folder, member.license
            ));
        }
        if member.minimum_rust.is_empty() {
            flaws.push(format!("{} states no rust-version", member.folder));
        }
    }
    flaws
}

fn height(folder: &str) -> Option<u8> {
    HEIGHTS.iter().find(|(name, _)| *name == folder).map(|(_, height)| *height)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(folder: &str, dependencies: Vec<Dependency>) -> Member {
        Member { folder: folder.to_owned(), dependencies, ..Member::default() }
    }

    fn on(name: &str, for_tests: bool) -> Dependency {
        let member = HEIGHTS.iter().any(|(known, _)| *known == name).then(|| name.to_owned());
        Dependency { name: name.to_owned(), for_tests, member }
    }

    fn flaws_of(folder: &str, name: &str, for_tests: bool) -> usize {
        direction(&[member(folder, vec![on(name, for_tests)])]).len()
    }

    #[test]
    fn an_upward_or_sideways_dependency_is_a_flaw() {
        assert_eq!(flaws_of("secrets-runtime", "secrets-macros", false), 0);
        assert_eq!(flaws_of("secrets-cli", "secrets-runtime", false), 0);
        for (folder, name) in [
            ("secrets-spec", "secrets-macros"),
            ("secrets-macros", "secrets-runtime"),
            ("secrets-runtime", "secrets-cli"),
            ("secrets-runtime", "examples"),
            ("secrets-runtime", "tests"),
            ("secrets-cli", "tests"),
            ("xtask", "secrets-spec"),
        ] {
            assert_eq!(flaws_of(folder, name, false), 1, "{folder} on {name}");
            assert_eq!(flaws_of(folder, name, true), 1, "{folder} on {name}, for tests");
        }
    }

    #[test]
    fn a_third_party_crate_that_is_not_listed_is_a_flaw() {
        assert_eq!(flaws_of("secrets-spec", "serde", false), 1);
        assert_eq!(flaws_of("secrets-spec", "proptest", true), 0);
        assert_eq!(flaws_of("secrets-macros", "syn", false), 0);
        assert_eq!(flaws_of("secrets-macros", "regex", false), 1);
        assert_eq!(flaws_of("secrets-runtime", "regex", false), 0);
    }

    #[test]
    fn an_unknown_member_asks_for_its_place() {
        let flaws = direction(&[member("secrets-new", vec![])]);
        assert!(flaws[0].contains("HEIGHTS"), "{flaws:?}");
    }

    #[test]
    fn a_row_that_is_not_a_member_is_a_flaw() {
        let all = HEIGHTS.map(|(folder, _)| member(folder, vec![]));
        assert_eq!(dead_rows(&all), [""; 0]);
        assert_eq!(dead_rows(&all[1..]).len(), 1);
    }

    #[test]
    fn another_licence_and_no_minimum_are_flaws() {
        assert_eq!(facts(&[member("secrets-spec", vec![])]).len(), 2);
    }
}
