//! A store or a `secrets.toml` of another user.

use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::Path,
};

use crate::support::{CliOutput, Sandbox};

/// Someone else; on most systems `nobody`.
const OTHER: u32 = 65534;

/// Whether this test can be another user.
fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("skipped: only root can be another user");
    }
    root
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_error_of_another_users_store_says_whose_it_is_and_what_to_do() {
    if !is_root() {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--v=SeNtInEl"]);
    chmod(sandbox.path(), 0o755);
    // A program that this user can reach.
    let program = sandbox.path().join("secrets");
    fs::copy(env!("CARGO_BIN_EXE_secrets"), &program).unwrap();
    chmod(&program, 0o755);
    for mode in [0o700, 0o755] {
        chmod(&sandbox.path().join("store"), mode);
        for arguments in [
            &["get", "db"][..],
            &["register", "x", "--a=b"],
            &["update", "db", "--a=b"],
            &["list"],
            &["delete", "db", "--yes"],
            &["rename", "db", "x"],
            &["export", "--all"],
        ] {
            let template = sandbox.command(arguments);
            let mut command = std::process::Command::new(&program);
            command.args(arguments).current_dir("/").env_clear().uid(OTHER).gid(OTHER);
            for (name, value) in template.get_envs() {
                value.map(|value| command.env(name, value));
            }
            let result = CliOutput::new(command.output().unwrap());
            assert!(matches!(result.code, Some(4 | 5)), "{result:?}");
            assert!(result.stderr.contains("belongs to the user 0 (root)"), "{result:?}");
            assert!(
                result.stderr.contains("run as that user, or set SECRETS_LOCAL_DIR"),
                "{result:?}"
            );
            assert!(!result.stderr.contains("the right to it"), "{result:?}");
        }
    }
}

#[test]
fn the_help_for_another_users_settings_has_a_way_without_chown() {
    if !is_root() {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.write("secrets.toml", "default_backend = 'local'\n");
    chown(sandbox.path().join("secrets.toml"), Some(OTHER), None).unwrap();
    let result = sandbox.run(["list"]);
    result.assert_fails(5);
    for way in ["run as that user", "docker run --user 65534", "set SECRETS_CONFIG"] {
        assert!(result.stderr.contains(way), "{result:?}");
    }
    // That way is one.
    let named = || {
        let mut command = sandbox.command(["list"]);
        command.env("SECRETS_CONFIG", sandbox.path().join("secrets.toml"));
        CliOutput::new(command.output().unwrap())
    };
    assert_eq!(named().code, Some(0), "{:?}", named());
    chmod(&sandbox.path().join("secrets.toml"), 0o666);
    named().assert_fails(5);
    chmod(&sandbox.path().join("secrets.toml"), 0o644);
    chown(sandbox.path(), Some(OTHER - 1), None).unwrap();
    named().assert_fails(5);
}
