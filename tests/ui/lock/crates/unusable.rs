use std::fs;

use crate::workspace::Workspace;

const STEPS: &str = r#"
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["s1"])]
fn first() -> Result<(), Error> {
    Ok(())
}

#[secrets(sources = ["s9999"])]
fn second() -> Result<(), Error> {
    Ok(())
}

fn main() {
    let _ = (first(), second());
}
"#;

/// Asserts that the build has one error, with these parts, however many steps there are.
#[track_caller]
fn assert_one_error(workspace: &Workspace, setting: Option<&str>, parts: &[&str]) {
    let build = workspace.build(setting);
    assert_eq!(build.errors.len(), 1, "{:?}", build.errors);
    for part in parts {
        assert!(build.errors[0].contains(part), "{part}: {:?}", build.errors);
    }
    assert!(!build.errors[0].contains("SeNtInEl"), "{:?}", build.errors);
}

#[test]
fn a_file_that_cannot_be_used_is_one_error_for_each_crate() {
    let workspace = Workspace::new("unusable", &[("app", STEPS)]);
    let mut many = "version = 1\n[secrets]\n".to_owned();
    for n in 0..10_000 {
        many.push_str(&format!("\"s{n}\" = [\"password\", \"user\"]\n"));
    }
    workspace.write("app/secrets.lock", &many);
    let build = workspace.build(None);
    assert!(build.is_ok, "{:?}", build.errors);

    let cut = &many[..many.len() - 5];
    for (text, parts) in [
        (
            "version = 2\nSeNtInEl",
            ["app/secrets.lock", "it has version 2", "update secrets-runtime"],
        ),
        ("[secrets]\n", ["line 1", "`version = 1`", "restore the file"]),
        ("", ["app/secrets.lock", "`version = 1`", "restore the file"]),
        ("version = 1\n[secrets]\n<<<<<<< SeNtInEl\n", ["line 3", "merge", "remove the marks"]),
        (
            "version = 1\n[secrets]\n\"SeNtInEl\" = \"text\"\n\"SeNtInEl\" = []\n",
            ["line 4", "there already", "remove one of the two"],
        ),
        (
            "version = 1\n[secrets]\n\"a\" = { SeNtInEl = 1 }\n",
            ["line 3", "a table", "write the keys as a list"],
        ),
        (cut, ["line 10002", "does not end", "delete it and run `secrets lock`"]),
    ] {
        workspace.write("app/secrets.lock", text);
        assert_one_error(&workspace, None, &parts);
    }
    workspace.write("app/secrets.lock", b"version = 1\n[secrets]\n\"\xff\" = \"text\"\n");
    assert_one_error(&workspace, None, &["app/secrets.lock", "is not UTF-8"]);
    fs::remove_file(workspace.path("app/secrets.lock")).unwrap();

    // Without a file nothing is checked, unless the variable asks for one.
    let build = workspace.build(None);
    assert!(build.is_ok, "{:?}", build.errors);
    let parts = ["there is no secrets.lock in ", "SECRETS_LOCK=require", "run `secrets lock`"];
    assert_one_error(&workspace, Some("require"), &parts);
    assert_one_error(&workspace, Some("nowhere/x.lock"), &["nowhere/x.lock", "does not exist"]);
    fs::create_dir(workspace.path("secrets.lock")).unwrap();
    assert_one_error(&workspace, None, &["/secrets.lock is a folder"]);
    fs::remove_dir(workspace.path("secrets.lock")).unwrap();

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        workspace.write("secrets.lock", &many);
        fs::set_permissions(workspace.path("secrets.lock"), fs::Permissions::from_mode(0o000))
            .unwrap();
        // Root reads it all the same.
        if fs::read(workspace.path("secrets.lock")).is_err() {
            assert_one_error(&workspace, None, &["cannot be read", "who may read"]);
        }
    }
}
