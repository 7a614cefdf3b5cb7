//! The lints that the manifests set.

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

/// Whether a section of a manifest has this line.
fn has(text: &str, section: &str, wanted: &str) -> bool {
    let header = format!("[{section}]");
    let after = text.lines().map(str::trim).skip_while(|line| *line != header).skip(1);
    after.take_while(|line| !line.starts_with('[')).any(|line| line == wanted)
}

#[cfg(test)]
mod tests {
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
}
