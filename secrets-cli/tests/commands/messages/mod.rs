//! What a message says: what was found, where, and what was probably meant.

mod advice;
mod errors;

use crate::support::{CliOutput, Sandbox};

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "prod-db", "--user=app", "--password=SeNtInEl"]);
    sandbox
}

fn run_with(sandbox: &Sandbox, variable: (&str, &str), arguments: &[&str]) -> CliOutput {
    let mut command = sandbox.command(arguments);
    CliOutput::new(command.env(variable.0, variable.1).output().unwrap())
}

#[test]
fn a_wrong_setting_is_quoted_with_its_variable() {
    let sandbox = sandbox();
    for (variable, text, found) in [
        ("SECRETS_DEFAULT_BACKEND", "lokal", &["`lokal`", "did you mean `local`?"][..]),
        ("SECRETS_DEFAULT_BACKEND", "LOCAL", &["`LOCAL`", "did you mean `local`?"]),
        ("SECRETS_DEFAULT_BACKEND", "hashicorp", &["`hashicorp`"]),
        ("SECRETS_DEFAULT_BACKEND", "Vault1", &["`Vault1`"]),
        ("SECRETS_DEFAULT_BACKEND", "local,awss-secrets-manager", &["`awss-secrets-manager`"]),
        ("SECRETS_DEFAULT_BACKEND", "consul,foo", &["`consul`"]),
        ("SECRETS_TIMEOUT", "soon", &["`soon`"]),
        ("SECRETS_CACHE_TTL", "5m", &["`5m`"]),
        ("SECRETS_ATTEMPT_TIMEOUT", "0", &["`0`"]),
        ("SECRETS_VALIDATION_LEVEL", "ALL", &["`ALL`"]),
        ("SECRETS_DEFAULT_ROLE", "Admin", &["`Admin`"]),
        ("SECRETS_AWS_REGION", "Oregon", &["`Oregon`"]),
        ("SECRETS_VAULT_AUTH", "tokn", &["`tokn`", "did you mean `token`?"]),
        ("SECRETS_PROFILE", "prdo", &["\"prdo\""]),
    ] {
        for command in ["get", "resolve", "doctor"] {
            let arguments =
                if command == "doctor" { &["doctor"][..] } else { &[command, "prod-db"] };
            let result = run_with(&sandbox, (variable, text), arguments);
            assert_eq!(result.code, Some(5), "{result:?}");
            let names = command == "doctor" || result.stderr.contains(variable);
            assert!(names, "{variable}={text}: {result:?}");
            for found in found {
                assert!(result.stderr.contains(found), "{variable}={text}: {found}: {result:?}");
            }
        }
    }
    sandbox.write("secrets.toml", "default_backend = \"lokal\"\n[profile.prod]\ntimeout = 1\n");
    let file = sandbox.run(["get", "prod-db"]);
    assert!(
        file.stderr.contains("secrets.toml: default_backend: ") && file.stderr.contains("`lokal`")
    );
    let profile = sandbox.run(["get", "prod-db", "--profile", "prdo"]);
    assert!(profile.stderr.contains("--profile: there is no profile \"prdo\""), "{profile:?}");
    assert!(profile.stderr.contains("did you mean `prod`?"), "{profile:?}");
}

#[test]
fn aws_means_aws_secrets_manager() {
    let sandbox = sandbox();
    let variable = run_with(&sandbox, ("SECRETS_DEFAULT_BACKEND", "aws"), &["get", "prod-db"]);
    for result in [variable, sandbox.run(["get", "prod-db", "--backend", "aws"])] {
        result.assert_fails(5);
        assert!(result.stderr.contains("did you mean `aws-secrets-manager`?"), "{result:?}");
    }
}

#[test]
fn the_wrong_text_of_secrets_with_is_quoted() {
    let sandbox = sandbox();
    for (with, found) in [
        ("secrets:sources=[db]", "in `[db]`"),
        ("secrts:sources=[\"db\"]", "`secrts`"),
        ("sources=[\"db\"]", "`sources=[\"db\"]`"),
        ("role=\"admin\"", "`role=\"admin\"`"),
        ("secrets:role=\"admin\"", "`admin`"),
        ("secrets:sources=db", "`db`"),
        ("secrets:sources=[\"d b\"]", "in `[\"d b\"]`"),
        ("[\"db\"]", "not `[\"db\"]`"),
    ] {
        let result = run_with(&sandbox, ("SECRETS_WITH", with), &["resolve", "prod-db"]);
        result.assert_fails(5);
        let message = result.stderr.lines().next().unwrap();
        assert!(message.contains("SECRETS_WITH") && message.contains(found), "{result:?}");
    }
    let value = r#"secrets:sources=[{"type": "inline", "options": {"env_vars": {"A": SeNtInEl}}}]"#;
    run_with(&sandbox, ("SECRETS_WITH", value), &["resolve", "prod-db"]).assert_fails(5);
}

#[test]
fn a_wrong_reference_is_quoted_with_its_place() {
    let sandbox = sandbox();
    for (template, place, found) in [
        ("{{db}}", (1, 1), "\"{{db}}\""),
        ("x\n {{db.}}", (2, 2), "\"{{db.}}\""),
        ("{{db.password | bse64}}", (1, 1), "\"{{db.password | bse64}}\""),
        ("url = {{db.password", (1, 7), "\"{{db.password\""),
        ("url = {{db.password:SeNtInEl@h", (1, 7), "\"{{db.password\""),
        ("{{ 'SeNtInEl' | quote }}", (1, 1), "\"{{"),
    ] {
        let result = sandbox.run_with_stdin(["render", "-"], template.as_bytes());
        result.assert_fails(5);
        let (line, column) = place;
        let places = [format!("{line}:{column}: "), format!("line {line}, column {column}: ")];
        assert!(places.iter().any(|place| result.stderr.contains(place)), "{result:?}");
        assert!(result.stderr.contains(found), "{result:?}");
    }
    sandbox.write("c.toml", "a = 1\nb = 'x {{db}}'\n");
    let check = sandbox.run(["check", "--config", "c.toml"]);
    assert!(check.stderr.contains("line 2") && check.stderr.contains("\"{{db}}\""), "{check:?}");
}

#[test]
fn the_help_about_sources_and_requests_is_in_json() {
    let sandbox = sandbox();
    for (option, list, help) in [
        ("--sources", "[42]", r#"{ "id": "prod-db", "options": { "json": false } }"#),
        ("--sources", r#"["lokal.X"]"#, r#"{ "id": ".." }"#),
        ("--requests", "{}", r#"write [{"group": "db", "key": "password"}]"#),
    ] {
        let result = sandbox.run(["resolve", option, list]);
        result.assert_fails(5);
        assert!(result.stderr.contains(help), "{result:?}");
    }
}

#[test]
fn what_is_nearly_right_is_named() {
    let sandbox = sandbox();
    sandbox.ok(["register", "ab", "--a=SeNtInEl"]);
    for arguments in [
        &["get", "prod-dbb"][..],
        &["run", "prod-dbb", "--", "true"],
        &["run", "--env=A=prod-dbb.user", "--", "true"],
        &["resolve", "prod_db"],
        &["resolve", "local.prod-dbb"],
        &["check", "prod-dbb"],
        &["update", "prod-dbb", "--a=x"],
        &["delete", "prod-dbb", "--yes"],
        &["rename", "prod-dbb", "x"],
        &["export", "prod-dbb"],
    ] {
        let result = sandbox.run(arguments);
        assert_eq!(result.code, Some(3), "{result:?}");
        assert!(result.stderr.contains("did you mean `prod-db`?"), "{result:?}");
    }
    for name in ["nothing-like-it", "xy", "a"] {
        let result = sandbox.run(["get", name]);
        assert!(!result.stderr.contains("did you mean"), "{result:?}");
    }
    for arguments in [&["get", "prod-db.password"][..], &["run", "prod-db.password", "--", "true"]]
    {
        let result = sandbox.run(arguments);
        result.assert_fails(3);
        assert!(result.stderr.contains("`secrets get prod-db password`"), "{result:?}");
    }
    // Another secret was looked for than the one that is named.
    sandbox.write("secrets.toml", "[sources.prod-dbb]\nid = 'elsewhere'\n");
    let mapped = sandbox.run(["resolve", "prod-dbb"]);
    assert!(!mapped.stderr.contains("did you mean"), "{mapped:?}");
}

#[test]
fn of_many_missing_secrets_the_first_have_a_suggestion() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "prod-db", "--user=SeNtInEl"]);
    let missing: Vec<_> = (0..50).map(|number| format!("prod-db{number}")).collect();
    let result = sandbox
        .run(["run"].into_iter().chain(missing.iter().map(|name| &**name)).chain(["--", "true"]));
    result.assert_fails(3);
    let count = |text: &str| result.stderr.matches(text).count();
    assert_eq!(
        (count("there is no secret"), count("did you mean `prod-db`?")),
        (50, 20),
        "{result:?}"
    );
}

#[test]
fn a_command_of_another_tool_is_translated() {
    let sandbox = Sandbox::new();
    for (typed, meant) in [
        ("gte", "'get'"),
        ("rm", "'delete'"),
        ("ls", "'list'"),
        ("set", "'register', 'update'"),
        ("exec", "'run'"),
        ("updaet", "'update'"),
    ] {
        let result = sandbox.run([typed, "db", "--password=SeNtInEl"]);
        result.assert_fails(2);
        assert!(result.stderr.contains(meant), "{result:?}");
    }
    assert!(!sandbox.run(["zzz"]).stderr.contains("similar"));
    let field = sandbox.run(["register", "y", "a=SeNtInEl"]);
    assert!(field.stderr.contains("write `--a=VALUE`"), "{field:?}");
    let check = sandbox.run(["check"]);
    check.assert_fails(2);
    assert!(
        check.stderr.contains("nothing to check") && check.stderr.contains("--config"),
        "{check:?}"
    );
}

#[test]
fn a_quote_is_shown_as_it_is() {
    let sandbox = sandbox();
    for arguments in [
        &["get", "it's"][..],
        &["get", "prod-db", "it's"],
        &["resolve", "it's"],
        &["rename", "it's", "x"],
        &["render", "it's"],
    ] {
        let result = sandbox.run(arguments);
        assert!(result.stderr.contains("it's") && !result.stderr.contains("it\\'s"), "{result:?}");
    }
}

#[test]
fn a_name_that_secrets_toml_maps_elsewhere_is_noted() {
    let sandbox = sandbox();
    sandbox.ok(["register", "other", "--a=SeNtInEl"]);
    sandbox.write(
        "secrets.toml",
        "[sources.prod-db]\nid = 'team/db'\n[sources.other]\nid = 'other'\n\
         [profile.ci.sources.other]\ntype = 'env'\nid = 'OTHER_*'\n",
    );
    let note = |arguments: &[&str]| sandbox.run(arguments).stderr;
    assert!(note(&["get", "prod-db"]).contains("maps `prod-db` to `team/db`"));
    assert_eq!(note(&["get", "other"]), "");
    assert!(note(&["get", "other", "--profile=ci"]).contains("maps `other` to `env.OTHER_*`"));
    assert!(note(&["--profile", "ci", "get", "other"]).contains("maps `other` to `env.OTHER_*`"));
    assert!(note(&["get", "team/db"]).starts_with("error: "));
}

#[test]
fn the_missing_field_and_the_option_for_json_are_named() {
    let sandbox = sandbox();
    sandbox.write("c.toml", "a = '{{prod-db.token}} {{none.key}}'");
    let missing = sandbox.run(["check", "--config", "c.toml", "--register-missing"]);
    missing.assert_fails(2);
    assert!(missing.stderr.contains("`prod-db.token`") && missing.stderr.contains("`none.key`"));
    sandbox.run_with_stdin(["register", "pj", "--plain=-"], br#"{"user": "SeNtInEl"}"#);
    sandbox.write("p.toml", "a = '{{pj.user}}'");
    for arguments in [
        &["get", "pj", "user"][..],
        &["render", "p.toml"],
        &["check", "--config", "p.toml"],
        &["run", "--env=A=pj.user", "--", "true"],
        &["resolve", "--requests", r#"[{"group": "pj", "key": "user"}]"#],
    ] {
        let result = sandbox.run(arguments);
        assert_eq!(result.code, Some(3), "{result:?}");
        assert!(result.stderr.contains("json = true"), "{result:?}");
        assert!(!result.stderr.contains("SeNtInEl"), "{result:?}");
    }
}

#[test]
fn what_a_terminal_may_act_on_is_escaped() {
    let sandbox = Sandbox::new();
    let key = "a\u{9b}31m\u{202e}\u{2066}\u{7f}";
    sandbox.write("in.json", serde_json::json!({ key: "\u{9b}SeNtInEl" }).to_string());
    sandbox.ok(["register", "x", "--from-json", "in.json"]);
    let is_raw = |text: &str| {
        text.contains(|c: char| c != '\n' && (c.is_control() || key.contains(c) && !c.is_ascii()))
    };
    for arguments in [
        &["get", "x", "--format=json", "--reveal"][..],
        &["resolve", "x", "--format=json"],
        &["export", "x"],
    ] {
        let result = sandbox.run(arguments);
        assert!(!is_raw(&result.text()) && !is_raw(&result.stderr), "{result:?}");
    }
    let json: serde_json::Value = serde_json::from_str(&sandbox.ok(["export", "x"])).unwrap();
    assert_eq!(json["x"][key], "\u{9b}SeNtInEl");
    for format in ["text", "json"] {
        let format = format!("--format={format}");
        for arguments in [
            &["sub\x1b[31m"][..],
            &["get", "a", "b", "c\u{9b}\u{202e}", &format],
            &["get", "a", "--x\x1b[31m", &format],
            &["get", "a", "--backend=\x1b[31m\u{202e}", &format],
            &["list", &format, "--format=\x1b[31m"],
            &["man", "\x1b[31m"],
        ] {
            let result = sandbox.run(arguments);
            assert_ne!(result.code, Some(0));
            assert!(!is_raw(&result.stderr), "{result:?}");
        }
    }
}

#[test]
fn what_was_typed_cannot_look_like_a_message() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["x\nerror: SeNtInEl"][..],
        &["get", "a", "b", "c\nerror: x"],
        &["list", "--backend=a", "--format=b\nerror: x"],
        &["get", "a\nerror: x"],
    ] {
        let result = sandbox.run(arguments);
        assert_eq!(result.stderr.matches("\nerror: ").count(), 0, "{result:?}");
    }
}

#[cfg(not(feature = "aws"))]
#[test]
fn a_backend_that_is_not_built_in_says_how_to_build_the_command() {
    let sandbox = Sandbox::new();
    let result = sandbox.run(["get", "db", "--backend=aws-secrets-manager"]);
    result.assert_fails(1);
    let advice = "install the command again as before, with `--features aws` added";
    assert!(result.stderr.contains(advice) && !result.stderr.contains("Cargo.toml"), "{result:?}");
}
