//! The lints that the manifests set, and what those of published packages say.

use std::{collections::BTreeMap, path::Path, process::Command};

use serde_json::Value;

/// Members with lints of their own instead of the workspace's, and why: the runtime has one module that
/// needs `unsafe`, so there it is `deny`, which that module lifts.
const OWN_LINTS: [&str; 1] = ["secrets-runtime"];

/// A module with modules is a folder with a `mod.rs`.
const MODULE_STYLE: &str = r#"self_named_module_files = "warn""#;

/// Manifests that do not set the lints as they should; `members` are folders with their manifests' text.
pub fn lints(workspace: &str, members: &[(String, String)]) -> Vec<String> {
    let mut flaws = Vec::new();
    let mut want = |place: &str, text: &str, section: &str, line: &str| {
        if !has(text, section, line) {
            flaws.push(format!("{place}: [{section}] lacks `{line}`"));
        }
    };
    want("the workspace", workspace, "workspace.lints.rust", r#"unsafe_code = "forbid""#);
    want("the workspace", workspace, "workspace.lints.rust", r#"missing_docs = "warn""#);
    want("the workspace", workspace, "workspace.lints.clippy", MODULE_STYLE);
    for (folder, text) in members {
        if OWN_LINTS.contains(&folder.as_str()) {
            want(folder, text, "lints.rust", r#"unsafe_code = "deny""#);
            want(folder, text, "lints.rust", r#"missing_docs = "warn""#);
            want(folder, text, "lints.clippy", MODULE_STYLE);
        } else {
            want(folder, text, "lints", "workspace = true");
        }
    }
    flaws
}

/// What the manifest of a published package must have. Cargo checks the form of each.
const NEEDED: [&str; 6] =
    ["description", "repository", "documentation", "readme", "rust_version", "license"];

/// The registry refuses a category that it does not have; these it has.
const CATEGORIES: [&str; 6] = [
    "asynchronous",
    "authentication",
    "command-line-utilities",
    "config",
    "no-std",
    "parser-implementations",
];

/// Flaws of the manifest of one published package, as `cargo metadata` describes it.
pub fn published(package: &Value) -> Vec<String> {
    let mut flaws = Vec::new();
    let texts = |field: &str| -> Vec<&str> {
        package[field].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    };
    for field in NEEDED {
        if package[field].as_str().is_none_or(str::is_empty) {
            flaws.push(format!("has no {field}"));
        }
    }
    let keywords = texts("keywords");
    if !(1..=5).contains(&keywords.len()) || keywords.iter().any(|keyword| keyword.len() > 20) {
        flaws.push("has not 1 to 5 keywords of at most 20 characters".to_owned());
    }
    let categories = texts("categories");
    if categories.is_empty() || categories.iter().any(|slug| !CATEGORIES.contains(slug)) {
        flaws.push("has no category, or one that CATEGORIES does not list".to_owned());
    }
    if package["metadata"]["docs"]["rs"]["all-features"] != true {
        flaws.push("does not ask docs.rs for all features".to_owned());
    }
    let exact = format!("={}", package["version"].as_str().unwrap_or_default());
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        // What only tests use and has no version is left out of the package.
        let is_left_out = dependency["kind"] == "dev" && dependency["req"] == "*";
        if dependency["path"].is_string() && dependency["req"] != exact.as_str() && !is_left_out {
            flaws.push(format!("does not require {exact} of {}", dependency["name"]));
        }
    }
    flaws.iter().map(|flaw| format!("{} {flaw}", name(package))).collect()
}

/// Features that the table of a package's README lacks or has too many, or of which it states another default.
/// `docs` are the crate's own; a list of features in them must name the same.
pub fn features(package: &Value, readme: &str, docs: &str) -> Vec<String> {
    let all = package["features"].as_object().into_iter().flatten();
    let by_default = |feature: &String| {
        let default = package["features"]["default"].as_array();
        default.is_some_and(|default| default.iter().any(|name| name == feature.as_str()))
    };
    let declared: BTreeMap<&str, bool> = all
        .filter(|(feature, _)| *feature != "default")
        .map(|(feature, _)| (feature.as_str(), by_default(feature)))
        .collect();
    let table = feature_table(readme);
    let mut flaws = Vec::new();
    if table != declared {
        flaws.push(format!(
            "{}: the table of features in README.md is {table:?}, Cargo.toml has {declared:?}",
            name(package)
        ));
    }
    let after = docs.split_once("//! # Features\n").map_or("", |(_, after)| after);
    let items = after.lines().take_while(|line| line.starts_with("//!") && *line != "//!");
    let mut listed: Vec<_> = items.filter_map(|line| in_backquotes(line, "//! - ")).collect();
    listed.sort_unstable();
    if !listed.is_empty() && !listed.iter().eq(declared.keys()) {
        flaws.push(format!(
            "{}: the features in the crate's documentation are {listed:?}, not {:?}",
            name(package),
            declared.keys()
        ));
    }
    flaws
}

/// The features in the table under `## Features`, and whether it says that they are on by default.
fn feature_table(readme: &str) -> BTreeMap<&str, bool> {
    let after = readme.split_once("## Features\n").map_or("", |(_, after)| after);
    let rows = after.lines().take_while(|line| !line.starts_with("## "));
    rows.filter_map(|row| Some((in_backquotes(row, "| ")?, row.split('|').nth(2)?.trim() == "yes")))
        .collect()
}

/// The name in backquotes at the start of a line, after this prefix.
fn in_backquotes<'a>(line: &'a str, prefix: &str) -> Option<&'a str> {
    line.strip_prefix(prefix)?.strip_prefix('`')?.split('`').next()
}

/// The files that cargo packs for this package.
pub fn packed(root: &Path, package: &Value) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline", "-p", name(package)])
        .current_dir(root)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("paths are texts");
    text.lines().map(|line| line.replace('\\', "/")).collect()
}

/// What a package must contain and does not, and what it contains although it must not: data of tests.
pub fn contents(package: &str, files: &[String]) -> Vec<String> {
    let has = |wanted: &str| files.iter().any(|file| file == wanted);
    let needed = ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "Cargo.toml"];
    let lacking = needed.iter().filter(|wanted| !has(wanted));
    let mut flaws: Vec<_> = lacking.map(|file| format!("{package} lacks {file}")).collect();
    if !has("src/lib.rs") && !has("src/main.rs") {
        flaws.push(format!("{package} lacks its first source"));
    }
    // Cargo adds these itself.
    let added = ["Cargo.lock", "Cargo.toml.orig", ".cargo_vcs_info.json"];
    let expected = |file: &str| {
        let source = file.starts_with("src/") && file.ends_with(".rs");
        source || needed.contains(&file) || added.contains(&file)
    };
    let unexpected = files.iter().filter(|file| !expected(file));
    flaws.extend(unexpected.map(|file| format!("{package} contains {file}")));
    flaws
}

fn name(package: &Value) -> &str {
    package["name"].as_str().unwrap_or_default()
}

/// Whether a section of a manifest has this line.
fn has(text: &str, section: &str, wanted: &str) -> bool {
    let header = format!("[{section}]");
    let after = text.lines().map(str::trim).skip_while(|line| *line != header).skip(1);
    after.take_while(|line| !line.starts_with('[')).any(|line| line == wanted)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const WORKSPACE: &str = r#"
        [workspace.lints.rust]
        unsafe_code = "forbid"
        missing_docs = "warn"
        [workspace.lints.clippy]
        self_named_module_files = "warn"
    "#;
    const OWN: &str = r#"
        [lints.rust]
        unsafe_code = "deny"
        missing_docs = "warn"
        [lints.clippy]
        self_named_module_files = "warn"
    "#;
    const SHARED: &str = "[lints]\nworkspace = true\n";

    fn count(workspace: &str, folder: &str, text: &str) -> usize {
        lints(workspace, &[(folder.to_owned(), text.to_owned())]).len()
    }

    #[test]
    fn the_lints_that_should_be_set_are_found() {
        assert_eq!(count(WORKSPACE, "secrets-spec", SHARED), 0);
        assert_eq!(count(WORKSPACE, "secrets-runtime", OWN), 0);
    }

    #[test]
    fn lints_that_are_missing_weaker_or_elsewhere_are_flaws() {
        assert_eq!(count(&WORKSPACE.replace("forbid", "warn"), "secrets-spec", SHARED), 1);
        assert_eq!(count(&WORKSPACE.replace("missing_docs", "#"), "secrets-spec", SHARED), 1);
        assert_eq!(count(&WORKSPACE.replace("self_named", "#"), "secrets-spec", SHARED), 1);
        assert_eq!(count(&WORKSPACE.replace("clippy", "x"), "secrets-spec", SHARED), 1);
        assert_eq!(count(WORKSPACE, "secrets-spec", OWN), 1);
        assert_eq!(count(WORKSPACE, "secrets-spec", "[package]\nworkspace = true\n[lints]\n"), 1);
        assert_eq!(count(WORKSPACE, "secrets-runtime", &OWN.replace("deny", "warn")), 1);
        assert_eq!(count(WORKSPACE, "secrets-runtime", &OWN.replace("self_named", "#")), 1);
        assert_eq!(count(WORKSPACE, "secrets-runtime", ""), 3);
    }

    fn package() -> Value {
        json!({
            "name": "a",
            "version": "1.2.3",
            "description": "d",
            "repository": "https://x",
            "documentation": "https://x",
            "readme": "README.md",
            "rust_version": "1.89",
            "license": "MIT",
            "keywords": ["k"],
            "categories": ["config"],
            "metadata": {"docs": {"rs": {"all-features": true}}},
            "features": {"default": ["x"], "x": [], "y": ["x"]},
            "dependencies": [
                {"name": "ours", "path": "/ours", "req": "=1.2.3"},
                {"name": "other", "req": "^1"},
            ],
        })
    }

    fn published_with(field: &str, value: Value) -> usize {
        let mut package = package();
        *package.pointer_mut(field).expect("the field is there") = value;
        published(&package).len()
    }

    #[test]
    fn what_the_registry_asks_for_is_found() {
        assert_eq!(published(&package()), [""; 0]);
    }

    #[test]
    fn what_the_registry_asks_for_and_is_missing_is_a_flaw() {
        for field in NEEDED {
            assert_eq!(published_with(&format!("/{field}"), Value::Null), 1, "{field}");
            assert_eq!(published_with(&format!("/{field}"), json!("")), 1, "{field}");
        }
        for keywords in [json!([]), json!(["a", "b", "c", "d", "e", "f"]), json!(["k".repeat(21)])]
        {
            assert_eq!(published_with("/keywords", keywords), 1);
        }
        for categories in [json!([]), json!(["secrets"])] {
            assert_eq!(published_with("/categories", categories), 1);
        }
        assert_eq!(published_with("/metadata", Value::Null), 1);
        assert_eq!(published_with("/dependencies/0/req", json!("^1.2.3")), 1);
        assert_eq!(published_with("/dependencies/0/req", json!("=1.2.4")), 1);
        let of_tests = |kind: &str, req: &str| {
            let dependency = json!({"name": "ours", "path": "/ours", "req": req, "kind": kind});
            published_with("/dependencies/0", dependency)
        };
        assert_eq!(
            [of_tests("dev", "*"), of_tests("dev", "^1"), of_tests("build", "*")],
            [0, 1, 1]
        );
    }

    const README: &str = "# a\n## Features\n\n| feature | default | adds |\n|---|---|---|\n| `x` | yes | x |\n| `y` | no | `x` |\n";
    const DOCS: &str =
        "//! A.\n//!\n//! # Features\n//! - `y`: y.\n//! - `x`: x.\n//!\n//! - `z`\n";

    #[test]
    fn the_table_of_the_features_is_found() {
        assert_eq!(features(&package(), README, DOCS), [""; 0]);
        assert_eq!(features(&package(), README, "//! A.\n"), [""; 0]);
        assert_eq!(features(&json!({"name": "b", "features": {}}), "# b\n", ""), [""; 0]);
    }

    #[test]
    fn another_table_than_the_manifests_is_a_flaw() {
        for (from, to) in
            [("`y`", "`z`"), ("yes", "no"), ("| no |", "| yes |"), ("## Features", "##")]
        {
            let flaws = features(&package(), &README.replacen(from, to, 1), DOCS);
            assert_eq!(flaws.len(), 1, "{from} as {to}: {flaws:?}");
        }
        assert_eq!(features(&package(), README, &DOCS.replacen("`y`", "`z`", 1)).len(), 1);
        assert_eq!(features(&json!({"name": "b", "features": {}}), README, "").len(), 1);
    }

    #[test]
    fn a_package_lacks_nothing_and_contains_nothing_else() {
        let files = |more: &[&str]| -> Vec<String> {
            let all = ["Cargo.toml", "Cargo.lock", "LICENSE-MIT", "LICENSE-APACHE", "README.md"];
            all.iter().chain(&["src/lib.rs"]).chain(more).map(|&file| file.to_owned()).collect()
        };
        assert_eq!(contents("a", &files(&["src/b/c.rs"])), [""; 0]);
        let all = files(&[]);
        for at in [0, 2, 3, 4, 5] {
            let without: Vec<_> = [&all[..at], &all[at + 1..]].concat();
            assert_eq!(contents("a", &without).len(), 1, "without {}", all[at]);
        }
        for file in ["src/snapshots/a.snap", "tests/a.rs", "vectors/a.json"] {
            assert_eq!(contents("a", &files(&[file])).len(), 1, "{file}");
        }
    }
}
