//! Help, completions, manual pages and colour.

use crate::support::Sandbox;

#[test]
fn help_and_version_are_data() {
    let sandbox = Sandbox::new();
    for arguments in [&["--help"][..], &["--version"], &["register", "--help"], &["help", "run"]] {
        let result = sandbox.run(arguments);
        assert_eq!((result.code, result.stderr.as_str()), (Some(0), ""), "{result:?}");
        assert!(result.text().contains("secrets"), "{result:?}");
    }
}

#[test]
fn completions_and_the_manual_are_printed() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(sandbox.ok(["completions", shell]).contains("register"), "{shell}");
    }
    assert!(sandbox.ok(["man"]).contains(".TH secrets 1"));
    assert!(sandbox.ok(["man", "register"]).contains("from\\-json"));
}

#[test]
fn nothing_is_coloured_unless_it_goes_to_a_terminal() {
    let sandbox = Sandbox::new();
    let result = sandbox.run(["get", "none"]);
    result.assert_fails(3);
    assert!(!result.stderr.contains('\x1b'), "{result:?}");
}
