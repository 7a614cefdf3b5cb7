//! The file that `lock` reads and writes.

use std::{fs, path::Path};

use crate::{
    commands::lock::{API_TOKEN, file, lines, lock, repository},
    support::CliOutput,
};

#[test]
fn comments_of_the_file_are_kept() {
    let sandbox = repository();
    lock(&sandbox, &["prod-db", "blob"]);
    let text = fs::read_to_string(file(&sandbox)).unwrap();
    let text = text.replace("\"prod-db\"", "# Ask the shop's team.\n\"prod-db\"");
    sandbox.write("secrets.lock", text.replace("\"user\"]", "\"user\"] # rotated weekly"));
    sandbox.ok(["update", "prod-db", "--port=5432"]);
    assert_eq!(lock(&sandbox, &["api-token"]).code, Some(0));
    let changed = r#""prod-db" = ["password", "port", "user"] # rotated weekly"#;
    assert_eq!(
        lines(&sandbox),
        [API_TOKEN, r#""blob" = "binary""#, "# Ask the shop's team.", changed]
    );
}

#[test]
fn a_misspelled_word_in_the_variable_is_not_a_file() {
    let sandbox = repository();
    for arguments in [&["lock", "prod-db"][..], &["lock", "--check"]] {
        let mut command = sandbox.command(arguments);
        let result = CliOutput::new(command.env("SECRETS_LOCK", "reqiure").output().unwrap());
        result.assert_fails(5);
        assert!(result.stderr.contains("SECRETS_LOCK: there is no such file"), "{result:?}");
        assert!(result.stderr.contains("did you mean `require`?"), "{result:?}");
    }
    assert!(!sandbox.path().join("reqiure").exists());
}

#[test]
fn the_file_is_that_which_the_macros_would_find() {
    let sandbox = repository();
    let inner = sandbox.path().join("crates/app/src");
    fs::create_dir_all(&inner).unwrap();
    let run = |folder: &Path, setting: Option<&str>, arguments: &[&str]| {
        let mut command = sandbox.command([&["lock"], arguments].concat());
        command.current_dir(folder);
        if let Some(setting) = setting {
            command.env("SECRETS_LOCK", setting);
        }
        let result = CliOutput::new(command.output().unwrap());
        assert_eq!(result.code, Some(0), "{result:?}");
    };
    // None is found, so the first is made in the working directory.
    run(&inner, None, &["prod-db"]);
    assert!(inner.join("secrets.lock").exists());
    fs::rename(inner.join("secrets.lock"), file(&sandbox)).unwrap();
    run(&inner, None, &["api-token"]);
    run(&inner, Some("off"), &["blob"]);
    assert!(!inner.join("secrets.lock").exists());
    assert_eq!(lines(&sandbox).len(), 3);
    // The variable begins at the package, and --file at the working directory.
    sandbox.write("crates/app/Cargo.toml", "[package]\n");
    run(&inner, Some("locks/own.lock.d"), &["--file", "named", "prod-db"]);
    assert!(inner.join("named").exists());
    run(&inner, Some("own"), &["prod-db"]);
    assert!(sandbox.path().join("crates/app/own").exists());
}
