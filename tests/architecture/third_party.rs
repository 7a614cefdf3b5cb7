//! Third-party crates, as `cargo tree` lists them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use crate::crates::Member;

/// Crates that the workspace has in two versions, and which crate makes it so.
const TWICE: [(&str, &str); 5] = [
    ("block-buffer", SIGN_IN),
    ("cpufeatures", SIGN_IN),
    ("crypto-common", SIGN_IN),
    ("digest", SIGN_IN),
    (
        "syn",
        "the AWS SDK's own macros still use version 2, and are built with the feature `aws` alone",
    ),
];

const SIGN_IN: &str =
    "with `aws-sso` the AWS SDK finds a sign-in by a SHA-1 of the last generation";

/// Name and version of a crate.
pub type NameAndVersion = (String, String);

/// Runs `cargo tree` with these arguments; one crate a line.
pub fn read(root: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--quiet", "--prefix", "none", "--format", "{p}"])
        .args(arguments)
        .current_dir(root)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}

/// The crates of a tree, each once, without the members.
pub fn third_party(tree: &str, members: &[Member]) -> BTreeSet<NameAndVersion> {
    let name_and_version = |line: &str| {
        let (name, rest) = line.split_once(" v")?;
        Some((name.to_owned(), rest.split(' ').next()?.to_owned()))
    };
    let is_member = |name: &str| members.iter().any(|member| member.name == name);
    tree.lines().filter_map(name_and_version).filter(|(name, _)| !is_member(name)).collect()
}

/// Whether there are more than this.
pub fn too_many(crates: &BTreeSet<NameAndVersion>, most: usize) -> Vec<String> {
    let names = || crates.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" ");
    let over = crates.len() > most;
    over.then(|| format!("{} third-party crates, at most {most}: {}", crates.len(), names()))
        .into_iter()
        .collect()
}

/// Crates that come in more than one version.
pub fn twice(crates: &BTreeSet<NameAndVersion>) -> Vec<String> {
    let mut versions = BTreeMap::<&str, Vec<&str>>::new();
    for (name, version) in crates {
        versions.entry(name).or_default().push(version);
    }
    let excused = |name: &str| TWICE.iter().any(|(known, _)| *known == name);
    let flawed = versions.iter().filter(|(name, versions)| versions.len() > 1 && !excused(name));
    flawed
        .map(|(name, versions)| format!("{name} is there as {}", versions.join(" and ")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "own v0.1.0 (proc-macro) (/somewhere/own)\na v1.0.0\nb v2.0.0 (proc-macro)\n\na v1.0.0 (*)\n";

    fn own() -> Member {
        Member { name: "own".to_owned(), ..Member::default() }
    }

    #[test]
    fn a_crate_counts_once_and_a_member_not_at_all() {
        let crates = third_party(TREE, &[own()]);
        assert_eq!(crates.len(), 2);
        assert!(too_many(&crates, 2).is_empty());
        assert_eq!(too_many(&crates, 1), ["2 third-party crates, at most 1: a b"]);
    }

    #[test]
    fn two_versions_are_a_flaw() {
        assert!(twice(&third_party(TREE, &[])).is_empty());
        let tree = format!("{TREE}a v0.9.0\n");
        assert_eq!(twice(&third_party(&tree, &[])), ["a is there as 0.9.0 and 1.0.0"]);
    }
}
