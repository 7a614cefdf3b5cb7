//! Stores, shows and changes secrets.

use crate::support::Sandbox;

#[test]
fn a_secret_is_stored_shown_masked_and_revealed() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "SeNtInEl-2");
    sandbox.ok(["register", "db", "--user=SeNtInEl-1", "--password=@file"]);
    assert_eq!(sandbox.ok(["get", "db"]), "user=***\npassword=***\n");
    assert_eq!(sandbox.ok(["get", "db", "--reveal"]), "user=SeNtInEl-1\npassword=SeNtInEl-2\n");
    assert_eq!(sandbox.ok(["get", "db", "password"]), "***\n");
    assert_eq!(sandbox.ok(["get", "db", "password", "--reveal"]), "SeNtInEl-2");
    assert_eq!(
        sandbox.ok(["get", "db", "--format", "json"]),
        r#"{"user":"***","password":"***"}"#.to_owned() + "\n"
    );
    let json = sandbox.ok(["get", "db", "password", "--reveal", "--format=json"]);
    assert_eq!(json, "{\"password\":\"SeNtInEl-2\"}\n");
    assert_eq!(sandbox.ok(["list"]), "db\n");
    assert_eq!(sandbox.ok(["list", "--format=json"]), "[\"db\"]\n");
}

#[test]
fn register_does_not_replace() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--a=1"]);
    let again = sandbox.run(["register", "db", "--a=SeNtInEl", "--format=json"]);
    again.assert_fails(5);
    assert_eq!(again.json_kind(), "InvalidName");
    assert_eq!(sandbox.ok(["get", "db", "a", "--reveal"]), "1");
}

#[test]
fn update_changes_what_is_named_and_nothing_else() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "whole.json",
        r#"{"port": 5432, "ratio": 1.50, "tags": ["a", {"b": null}], "gone": "x"}"#,
    );
    sandbox.ok(["register", "db", "--from-json", "whole.json"]);
    let none = sandbox.run(["get", "db", "--previous"]);
    none.assert_fails(3);
    assert!(none.stderr.contains("there is no version before the current one"), "{none:?}");
    assert!(!none.stderr.contains("AWS"), "{none:?}");
    assert_eq!(sandbox.ok(["--backend", "local", "list"]), "db\n");
    sandbox.ok(["update", "db", "--password=SeNtInEl", "--remove", "gone"]);
    let exported = sandbox.ok(["export", "db"]);
    assert_eq!(
        exported,
        "{\n  \"db\": {\"port\": 5432, \"ratio\": 1.50, \"tags\": [\"a\", {\"b\": null}], \"password\": \"SeNtInEl\"}\n}\n"
    );
    assert_eq!(sandbox.ok(["get", "db", "gone", "--previous", "--reveal"]), "x");
    sandbox.run(["get", "db", "gone"]).assert_fails(3);
}

#[test]
fn an_update_names_the_fields_that_are_new() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--password=SeNtInEl-1"]);
    sandbox.ok(["register", "token", "--plain=SeNtInEl-1"]);
    for (arguments, end) in [
        (&["db", "--password=SeNtInEl-2"][..], ""),
        (
            &["db", "--pasword=SeNtInEl-3", "--password=SeNtInEl-3"],
            ", with the new field `pasword`",
        ),
        (&["db", "--a=1", "--b=2"], ", with the new fields `a`, `b`"),
        (&["token", "--plain=SeNtInEl-2"], ""),
    ] {
        let updated = sandbox.run([&["update"], arguments].concat());
        let expected = format!("updated `{}` in local{end}\n", arguments[0]);
        assert_eq!(updated.stderr, expected, "{updated:?}");
    }
}

#[test]
fn an_update_without_a_change_keeps_the_previous_version() {
    let sandbox = Sandbox::new();
    let previous = |name| sandbox.ok(["get", name, "--previous", "--reveal"]);
    sandbox.ok(["register", "db", "--a=SeNtInEl-1"]);
    sandbox.ok(["update", "db", "--a=SeNtInEl-2"]);
    let same = sandbox.run(["update", "db", "--a=SeNtInEl-2"]);
    assert_eq!(same.code, Some(0), "{same:?}");
    assert_eq!(same.stderr, "nothing was changed: `db` in local has this content already\n");
    assert_eq!(previous("db"), "a=SeNtInEl-1\n");
    assert_eq!(sandbox.ok(["update", "db", "--a=SeNtInEl-2", "--format=json"]), "");
    assert_eq!(previous("db"), "a=SeNtInEl-1\n");
    // One plain value likewise.
    sandbox.ok(["register", "token", "--plain=SeNtInEl-1"]);
    sandbox.ok(["update", "token", "--plain=SeNtInEl-2"]);
    let same = sandbox.run(["update", "token", "--plain=SeNtInEl-2"]);
    assert!(same.stderr.contains("nothing was changed"), "{same:?}");
    assert_eq!(previous("token"), "token=SeNtInEl-1\n");
}

#[test]
fn a_rename_to_the_name_that_it_has_does_not_advise_to_delete() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--a=1"]);
    let result = sandbox.run(["rename", "db", "db"]);
    result.assert_fails(5);
    assert!(result.stderr.contains("the old and the new name are equal"), "{result:?}");
    assert!(!result.stderr.contains("delete"), "{result:?}");
}

#[test]
fn a_failed_update_changes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.run(["update", "db", "--a=1"]).assert_fails(3);
    sandbox.ok(["register", "db", "--a=SeNtInEl"]);
    let missing =
        sandbox.run(["update", "db", "--a=2", "--remove=b", "--remove=aa", "--format=json"]);
    missing.assert_fails(3);
    assert_eq!(missing.json_kind(), "KeyNotFound");
    assert!(missing.stderr.contains("did you mean `a`?"), "{missing:?}");
    sandbox.run(["update", "db"]).assert_fails(2);
    sandbox.run(["update", "db", "--a=***"]).assert_fails(5);
    assert_eq!(sandbox.ok(["get", "db", "--reveal"]), "a=SeNtInEl\n");
}

#[test]
fn delete_and_rename() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "old", "--a=SeNtInEl"]);
    sandbox.ok(["register", "taken", "--a=1"]);
    sandbox.run(["delete", "old"]).assert_fails(2);
    sandbox.run(["delete", "none", "--yes"]).assert_fails(3);
    sandbox.run(["rename", "none", "new"]).assert_fails(3);
    sandbox.run(["rename", "old", "taken"]).assert_fails(5);
    sandbox.run(["rename", "old", "old"]).assert_fails(5);
    sandbox.run(["rename", "old", ""]).assert_fails(5);
    sandbox.ok(["rename", "old", "new"]);
    assert_eq!(sandbox.ok(["list"]), "new\ntaken\n");
    assert_eq!(sandbox.ok(["get", "new", "a", "--reveal"]), "SeNtInEl");
    sandbox.ok(["delete", "new", "--yes"]);
    assert_eq!(sandbox.ok(["list"]), "taken\n");
}

#[test]
fn nothing_is_deleted_unless_all_names_exist() {
    let sandbox = Sandbox::new();
    for name in ["a", "b", "c", "d"] {
        sandbox.ok(["register", name, "--x=SeNtInEl"]);
    }
    let missing = sandbox.run(["delete", "a", "none", "b", "", "nil", "--yes"]);
    missing.assert_fails(3);
    assert_eq!(missing.stderr.matches("there is no such secret").count(), 2, "{missing:?}");
    assert_eq!(missing.stderr.matches("error: ").count(), 3, "{missing:?}");
    assert_eq!(sandbox.ok(["list"]), "a\nb\nc\nd\n");
    sandbox.run(["delete", "a", "b"]).assert_fails(2);
    sandbox.run(["delete", "--yes"]).assert_fails(2);
    // A repeated name counts once.
    let gone = sandbox.ok(["delete", "b", "a", "b", "--yes", "--format=json"]);
    let line = |name| format!("{{\"name\":\"{name}\",\"backend\":\"local\",\"version\":null}}\n");
    assert_eq!(gone, line("b") + &line("a"));
    assert_eq!(sandbox.ok(["list"]), "c\nd\n");
    // A secret that cannot be read can be deleted, also together with others.
    let file = std::fs::read_dir(sandbox.path().join("store")).unwrap().flatten();
    let file = file.map(|file| file.path()).find(|path| path.display().to_string().contains("/c-"));
    std::fs::write(file.unwrap(), "damaged").unwrap();
    let result = sandbox.run(["delete", "c", "d", "--yes"]);
    assert_eq!(result.stderr, "deleted `c` from local\ndeleted `d` from local\n", "{result:?}");
    assert_eq!(sandbox.ok(["list"]), "");
}

#[test]
fn schemas_say_what_is_missing_and_what_does_not_belong() {
    let sandbox = Sandbox::new();
    let wrong = sandbox.run(["register", "a", "-s", "aws", "--aws_acess_key_id=SeNtInEl"]);
    wrong.assert_fails(2);
    assert!(wrong.stderr.contains("did you mean `aws_access_key_id`?"), "{wrong:?}");
    assert!(wrong.stderr.contains("`aws_secret_access_key` is missing"), "{wrong:?}");
    let aws = ["--aws_access_key_id=SeNtInEl", "--aws_secret_access_key=SeNtInEl"];
    sandbox.ok(["register", "a", "--schema", "aws"].iter().chain(&aws));
    sandbox.ok(["register", "g", "--schema=gcp", "--token=SeNtInEl"]);
    sandbox.ok(["register", "z", "--schema=azure", "--sas_token=SeNtInEl"]);
    sandbox.run(["register", "b", "--schema=basic_auth", "--username=SeNtInEl"]).assert_fails(2);
    sandbox.ok(["register", "b", "--schema=basic_auth", "--username=u", "--password=SeNtInEl"]);
    sandbox.ok(["register", "any", "--schema=arbitrary", "--whatever=SeNtInEl"]);
    sandbox.run(["register", "c", "--schema=other", "--a=SeNtInEl"]).assert_fails(2);
    sandbox.run(["update", "b", "--schema=basic_auth", "--remove=password"]).assert_fails(2);
    assert_eq!(sandbox.ok(["list"]), "a\nany\nb\ng\nz\n");
}

#[test]
fn after_two_hyphens_a_field_may_be_named_like_an_option() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--", "--format=SeNtInEl", "--backend=b", "--from_json=c"]);
    let shown = sandbox.ok(["get", "db"]);
    assert_eq!(shown, "format=***\nbackend=***\nfrom_json=***\n");
}

#[test]
fn a_backend_that_cannot_be_written_says_so() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["register", "X", "--a=SeNtInEl"][..],
        &["update", "X", "--a=SeNtInEl"],
        &["list"],
        &["delete", "X", "--yes"],
        &["rename", "X", "Y"],
    ] {
        sandbox.run(arguments.iter().chain(&["--backend", "env"])).assert_fails(1);
    }
    let mut command = sandbox.command(["get", "TOKEN", "TOKEN", "--reveal", "--backend", "env"]);
    let got = command.env("TOKEN", "SeNtInEl").output().unwrap();
    assert_eq!(got.stdout, b"SeNtInEl");
    sandbox.run(["list", "--backend", "my-vault"]).assert_fails(5);
    sandbox.run(["list", "--backend", "aws-secret-manager"]).assert_fails(5);
}

#[test]
fn get_asks_a_chain_of_backends_in_order() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(["get", "TOKEN", "--reveal", "--backend", "local,env"]);
    let got = command.env("TOKEN", "SeNtInEl").output().unwrap();
    assert_eq!(got.stdout, b"TOKEN=SeNtInEl\n");
}

#[test]
fn a_name_that_a_source_cannot_have_is_stored_with_a_note() {
    let sandbox = Sandbox::new();
    sandbox.write("fields.json", r#"{"a": "SeNtInEl"}"#);
    for (arguments, source) in [
        (&["register", "bad name", "--a=b"][..], r#""local.bad name""#),
        (&["register", "env.TOKEN", "--a=b"], r#""local.env.TOKEN""#),
        (&["register", "local.db", "--a=b"], r#""local.local.db""#),
        (&["import", "fields.json", "--name", "b d"], r#""local.b d""#),
        (&["rename", "b d", "b e"], r#""local.b e""#),
    ] {
        let result = sandbox.run(arguments);
        assert_eq!(result.code, Some(0), "{result:?}");
        assert!(result.stderr.contains(&format!(": write {source}\n")), "{result:?}");
    }
    for source in ["local.env.TOKEN", "local.bad name", "local.local.db", "local.b e"] {
        assert_eq!(sandbox.ok(["resolve", source]), "a=***\n");
    }
    let plain = sandbox.run(["register", "prod/db-1", "--a=b"]);
    assert!(!plain.stderr.contains("note"), "{plain:?}");
}

#[test]
fn with_format_json_changes_are_reported_in_json() {
    let sandbox = Sandbox::new();
    sandbox.write("all.json", r#"{"a": {"x": "SeNtInEl"}, "b": "SeNtInEl"}"#);
    for (arguments, names) in [
        (&["register", "a", "--x=SeNtInEl"][..], &["a"][..]),
        (&["update", "a", "--x=2"], &["a"]),
        (&["import", "all.json"], &["a", "b"]),
        (&["rename", "b", "c"], &["c"]),
    ] {
        let written = sandbox.ok(arguments.iter().chain(&["--format=json"]));
        let lines: Vec<serde_json::Value> =
            written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let got: Vec<_> = lines.iter().map(|line| line["name"].as_str().unwrap()).collect();
        assert_eq!(got, names);
        assert!(lines.iter().all(|line| line["version"].is_string()), "{written}");
    }
    let gone = sandbox.ok(["delete", "c", "--yes", "--format=json"]);
    assert_eq!(gone, "{\"name\":\"c\",\"backend\":\"local\",\"version\":null}\n");
}

#[test]
fn keys_and_names_cannot_control_a_terminal() {
    let sandbox = Sandbox::new();
    sandbox.write("keys.json", r#"{"\u001b[2Ja": "SeNtInEl", "b\nc": "1", "d\u202ee\u009b": "2"}"#);
    let name = "x\u{202E}y";
    let result = sandbox.run(["register", name, "--from-json=keys.json"]);
    assert_eq!(result.code, Some(0), "{result:?}");
    assert!(result.stderr.contains(r"registered `x\u{202e}y`"), "{result:?}");
    assert_eq!(sandbox.ok(["list"]), "x\\u{202e}y\n");
    let shown = sandbox.ok(["get", name]);
    assert_eq!(shown, "\\u{1b}[2Ja=***\nb\\nc=***\nd\\u{202e}e\\u{9b}=***\n");
    let revealed = sandbox.ok(["get", name, "--reveal"]);
    assert!(
        revealed
            == shown.replacen("***", "SeNtInEl", 1).replacen("***", "1", 1).replace("***", "2")
    );
    let odd = |text: &str| text.contains(['\u{202E}', '\u{1b}', '\u{9b}', '\r']);
    for arguments in [
        &["get", name, "none"][..],
        &["get", "none\u{202E}\u{9b}"],
        &["update", name, "--remove=z\u{1b}"],
        &["delete", "none\u{202E}", "--yes"],
        &["check", "{\"type\": \"env\", \"id\": \"A\u{202E}\"}"],
    ] {
        let result = sandbox.run(arguments);
        assert!(
            result.code != Some(0) && !odd(&result.stderr) && !odd(&result.text()),
            "{result:?}"
        );
    }
    // JSON has the exact names and keys.
    let names: Vec<String> = serde_json::from_str(&sandbox.ok(["list", "--format=json"])).unwrap();
    assert_eq!(names, [name]);
    let fields: serde_json::Value =
        serde_json::from_str(&sandbox.ok(["get", name, "--format=json"])).unwrap();
    assert_eq!(fields["\u{1b}[2Ja"], "***");
}
