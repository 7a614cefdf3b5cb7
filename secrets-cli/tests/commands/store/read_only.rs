//! Backends that cannot be written.

use crate::support::Sandbox;

/// The commands that need a store.
const COMMANDS: [&[&str]; 7] = [
    &["register", "db", "--password=SeNtInEl"],
    &["update", "db", "--password=SeNtInEl"],
    &["delete", "db", "--yes"],
    &["rename", "db", "other"],
    &["import", "in.json"],
    &["export", "--all"],
    &["list"],
];

#[test]
fn the_help_names_the_backends_that_can_be_written() {
    let sandbox = Sandbox::new();
    sandbox.write("in.json", r#"{"db": {"password": "SeNtInEl"}}"#);
    let mut kinds = vec!["env", "file", "flyte", "inline", "prefect", "env,local"];
    if cfg!(feature = "kubernetes") {
        kinds.push("kubernetes");
    }
    if cfg!(feature = "zenml") {
        kinds.push("zenml");
    }
    if cfg!(feature = "aws") {
        kinds.push("ssm");
    }
    let mut stores = vec!["--backend local"];
    if cfg!(feature = "vault") {
        stores.push("--backend vault");
    }
    if cfg!(feature = "aws") {
        stores.push("--backend aws-secrets-manager");
    }
    for kind in kinds {
        for command in COMMANDS {
            let result = sandbox.run(command.iter().chain(&["--backend", kind]));
            result.assert_fails(1);
            assert!(result.stderr.contains("can be read, but neither listed"), "{result:?}");
            let help = result.stderr.lines().last().unwrap();
            assert!(help.contains("use a backend that can be written"), "{result:?}");
            assert_eq!(help.matches("--backend").count(), stores.len(), "{result:?}");
            for store in &stores {
                assert!(help.contains(store), "{store}: {result:?}");
            }
        }
    }
}

/// An agent can do nothing but read.
#[cfg(feature = "aws-agent")]
#[test]
fn a_store_that_the_settings_make_read_only_is_not_named() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(["list", "--backend", "aws-secrets-manager"]);
    let output = command.env("SECRETS_AWS_TRANSPORT", "agent").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("--backend local") && !said.contains("--backend aws"), "{said}");
}
