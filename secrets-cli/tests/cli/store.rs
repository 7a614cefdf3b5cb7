//! Keeping, showing and changing secrets.

use crate::bench::Bench;

#[test]
fn a_secret_is_kept_shown_masked_and_revealed() {
    let bench = Bench::new();
    bench.write("file", "SeNtInEl-2");
    bench.ok(["register", "db", "--user=SeNtInEl-1", "--password=@file"]);
    assert_eq!(bench.ok(["get", "db"]), "user=***\npassword=***\n");
    assert_eq!(bench.ok(["get", "db", "--reveal"]), "user=SeNtInEl-1\npassword=SeNtInEl-2\n");
    assert_eq!(bench.ok(["get", "db", "password"]), "***\n");
    assert_eq!(bench.ok(["get", "db", "password", "--reveal"]), "SeNtInEl-2");
    assert_eq!(
        bench.ok(["get", "db", "--format", "json"]),
        r#"{"user":"***","password":"***"}"#.to_owned() + "\n"
    );
    let json = bench.ok(["get", "db", "password", "--reveal", "--format=json"]);
    assert_eq!(json, "{\"password\":\"SeNtInEl-2\"}\n");
    assert_eq!(bench.ok(["list"]), "db\n");
    assert_eq!(bench.ok(["list", "--format=json"]), "[\"db\"]\n");
}

#[test]
fn register_does_not_replace() {
    let bench = Bench::new();
    bench.ok(["register", "db", "--a=1"]);
    let again = bench.run(["register", "db", "--a=SeNtInEl", "--format=json"]);
    again.fails(5);
    assert_eq!(again.json_kind(), "InvalidName");
    assert_eq!(bench.ok(["get", "db", "a", "--reveal"]), "1");
}

#[test]
fn update_changes_what_is_named_and_nothing_else() {
    let bench = Bench::new();
    bench.write(
        "whole.json",
        r#"{"port": 5432, "ratio": 1.50, "tags": ["a", {"b": null}], "gone": "x"}"#,
    );
    bench.ok(["register", "db", "--from-json", "whole.json"]);
    bench.ok(["update", "db", "--password=SeNtInEl", "--remove", "gone"]);
    let exported = bench.ok(["export", "db"]);
    assert_eq!(
        exported,
        "{\n  \"db\": {\"port\": 5432, \"ratio\": 1.50, \"tags\": [\"a\", {\"b\": null}], \"password\": \"SeNtInEl\"}\n}\n"
    );
    assert_eq!(bench.ok(["get", "db", "gone", "--previous", "--reveal"]), "x");
    bench.run(["get", "db", "gone"]).fails(3);
}

#[test]
fn an_update_that_cannot_be_changes_nothing() {
    let bench = Bench::new();
    bench.run(["update", "db", "--a=1"]).fails(3);
    bench.ok(["register", "db", "--a=SeNtInEl"]);
    let missing =
        bench.run(["update", "db", "--a=2", "--remove=b", "--remove=aa", "--format=json"]);
    missing.fails(3);
    assert_eq!(missing.json_kind(), "KeyNotFound");
    assert!(missing.stderr.contains("did you mean `a`?"), "{missing:?}");
    bench.run(["update", "db"]).fails(2);
    bench.run(["update", "db", "--a=***"]).fails(5);
    assert_eq!(bench.ok(["get", "db", "--reveal"]), "a=SeNtInEl\n");
}

#[test]
fn delete_and_rename() {
    let bench = Bench::new();
    bench.ok(["register", "old", "--a=SeNtInEl"]);
    bench.ok(["register", "taken", "--a=1"]);
    bench.run(["delete", "old"]).fails(2);
    bench.run(["delete", "none", "--yes"]).fails(3);
    bench.run(["rename", "none", "new"]).fails(3);
    bench.run(["rename", "old", "taken"]).fails(5);
    bench.run(["rename", "old", "old"]).fails(5);
    bench.run(["rename", "old", ""]).fails(5);
    bench.ok(["rename", "old", "new"]);
    assert_eq!(bench.ok(["list"]), "new\ntaken\n");
    assert_eq!(bench.ok(["get", "new", "a", "--reveal"]), "SeNtInEl");
    bench.ok(["delete", "new", "--yes"]);
    assert_eq!(bench.ok(["list"]), "taken\n");
}

#[test]
fn several_are_deleted_and_none_unless_all_are_there() {
    let bench = Bench::new();
    for name in ["a", "b", "c", "d"] {
        bench.ok(["register", name, "--x=SeNtInEl"]);
    }
    let missing = bench.run(["delete", "a", "none", "b", "", "nil", "--yes"]);
    missing.fails(3);
    assert_eq!(missing.stderr.matches("there is no such secret").count(), 2, "{missing:?}");
    assert_eq!(missing.stderr.matches("error: ").count(), 3, "{missing:?}");
    assert_eq!(bench.ok(["list"]), "a\nb\nc\nd\n");
    bench.run(["delete", "a", "b"]).fails(2);
    bench.run(["delete", "--yes"]).fails(2);
    // A name that stands twice is one.
    let gone = bench.ok(["delete", "b", "a", "b", "--yes", "--format=json"]);
    let line = |name| format!("{{\"name\":\"{name}\",\"backend\":\"local\",\"version\":null}}\n");
    assert_eq!(gone, line("b") + &line("a"));
    assert_eq!(bench.ok(["list"]), "c\nd\n");
    // What cannot be read can be deleted, among others too.
    let file = std::fs::read_dir(bench.path().join("store")).unwrap().flatten();
    let file = file.map(|file| file.path()).find(|path| path.display().to_string().contains("/c-"));
    std::fs::write(file.unwrap(), "damaged").unwrap();
    let ran = bench.run(["delete", "c", "d", "--yes"]);
    assert_eq!(ran.stderr, "deleted `c` from local\ndeleted `d` from local\n", "{ran:?}");
    assert_eq!(bench.ok(["list"]), "");
}

#[test]
fn schemas_say_what_is_missing_and_what_does_not_belong() {
    let bench = Bench::new();
    let wrong = bench.run(["register", "a", "-s", "aws", "--aws_acess_key_id=SeNtInEl"]);
    wrong.fails(2);
    assert!(wrong.stderr.contains("did you mean `aws_access_key_id`?"), "{wrong:?}");
    assert!(wrong.stderr.contains("`aws_secret_access_key` is missing"), "{wrong:?}");
    let aws = ["--aws_access_key_id=SeNtInEl", "--aws_secret_access_key=SeNtInEl"];
    bench.ok(["register", "a", "--schema", "aws"].iter().chain(&aws));
    bench.ok(["register", "g", "--schema=gcp", "--token=SeNtInEl"]);
    bench.ok(["register", "z", "--schema=azure", "--sas_token=SeNtInEl"]);
    bench.run(["register", "b", "--schema=basic_auth", "--username=SeNtInEl"]).fails(2);
    bench.ok(["register", "b", "--schema=basic_auth", "--username=u", "--password=SeNtInEl"]);
    bench.ok(["register", "any", "--schema=arbitrary", "--whatever=SeNtInEl"]);
    bench.run(["register", "c", "--schema=other", "--a=SeNtInEl"]).fails(2);
    bench.run(["update", "b", "--schema=basic_auth", "--remove=password"]).fails(2);
    assert_eq!(bench.ok(["list"]), "a\nany\nb\ng\nz\n");
}

#[test]
fn a_field_named_like_an_option_stands_after_two_hyphens() {
    let bench = Bench::new();
    bench.ok(["register", "db", "--", "--format=SeNtInEl", "--backend=b", "--from_json=c"]);
    let shown = bench.ok(["get", "db"]);
    assert_eq!(shown, "format=***\nbackend=***\nfrom_json=***\n");
}

#[test]
fn a_backend_that_cannot_be_written_says_so() {
    let bench = Bench::new();
    for arguments in [
        &["register", "X", "--a=SeNtInEl"][..],
        &["update", "X", "--a=SeNtInEl"],
        &["list"],
        &["delete", "X", "--yes"],
        &["rename", "X", "Y"],
    ] {
        bench.run(arguments.iter().chain(&["--backend", "env"])).fails(1);
    }
    let mut command = bench.command(["get", "TOKEN", "TOKEN", "--reveal", "--backend", "env"]);
    let got = command.env("TOKEN", "SeNtInEl").output().unwrap();
    assert_eq!(got.stdout, b"SeNtInEl");
    bench.run(["list", "--backend", "my-vault"]).fails(5);
    bench.run(["list", "--backend", "aws-secret-manager"]).fails(5);
}

#[test]
fn get_asks_a_chain_of_backends_in_order() {
    let bench = Bench::new();
    let mut command = bench.command(["get", "TOKEN", "--reveal", "--backend", "local,env"]);
    let got = command.env("TOKEN", "SeNtInEl").output().unwrap();
    assert_eq!(got.stdout, b"TOKEN=SeNtInEl\n");
}

#[test]
fn a_name_that_no_source_can_have_is_kept_and_said() {
    let bench = Bench::new();
    bench.write("fields.json", r#"{"a": "SeNtInEl"}"#);
    for (arguments, detour) in [
        (&["register", "bad name", "--a=b"][..], r#""local.bad name""#),
        (&["register", "env.TOKEN", "--a=b"], r#""local.env.TOKEN""#),
        (&["register", "local.db", "--a=b"], r#""local.local.db""#),
        (&["import", "fields.json", "--name", "b d"], r#""local.b d""#),
        (&["rename", "b d", "b e"], r#""local.b e""#),
    ] {
        let ran = bench.run(arguments);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stderr.contains(&format!("by that name: write {detour}\n")), "{ran:?}");
    }
    for source in ["local.env.TOKEN", "local.bad name", "local.local.db", "local.b e"] {
        assert_eq!(bench.ok(["resolve", source]), "a=***\n");
    }
    let plain = bench.run(["register", "prod/db-1", "--a=b"]);
    assert!(!plain.stderr.contains("note"), "{plain:?}");
}

#[test]
fn what_was_written_is_said_in_json_too() {
    let bench = Bench::new();
    bench.write("all.json", r#"{"a": {"x": "SeNtInEl"}, "b": "SeNtInEl"}"#);
    for (arguments, names) in [
        (&["register", "a", "--x=SeNtInEl"][..], &["a"][..]),
        (&["update", "a", "--x=2"], &["a"]),
        (&["import", "all.json"], &["a", "b"]),
        (&["rename", "b", "c"], &["c"]),
    ] {
        let written = bench.ok(arguments.iter().chain(&["--format=json"]));
        let lines: Vec<serde_json::Value> =
            written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let got: Vec<_> = lines.iter().map(|line| line["name"].as_str().unwrap()).collect();
        assert_eq!(got, names);
        assert!(lines.iter().all(|line| line["version"].is_string()), "{written}");
    }
    let gone = bench.ok(["delete", "c", "--yes", "--format=json"]);
    assert_eq!(gone, "{\"name\":\"c\",\"backend\":\"local\",\"version\":null}\n");
}

#[test]
fn keys_and_names_cannot_steer_a_terminal() {
    let bench = Bench::new();
    bench.write("keys.json", r#"{"\u001b[2Ja": "SeNtInEl", "b\nc": "1", "d\u202ee\u009b": "2"}"#);
    let name = "x\u{202E}y";
    let ran = bench.run(["register", name, "--from-json=keys.json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains(r"registered `x\u{202e}y`"), "{ran:?}");
    assert_eq!(bench.ok(["list"]), "x\\u{202e}y\n");
    let shown = bench.ok(["get", name]);
    assert_eq!(shown, "\\u{1b}[2Ja=***\nb\\nc=***\nd\\u{202e}e\\u{9b}=***\n");
    let revealed = bench.ok(["get", name, "--reveal"]);
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
        let ran = bench.run(arguments);
        assert!(ran.code != Some(0) && !odd(&ran.stderr) && !odd(&ran.text()), "{ran:?}");
    }
    // JSON says what there is.
    let names: Vec<String> = serde_json::from_str(&bench.ok(["list", "--format=json"])).unwrap();
    assert_eq!(names, [name]);
    let fields: serde_json::Value =
        serde_json::from_str(&bench.ok(["get", name, "--format=json"])).unwrap();
    assert_eq!(fields["\u{1b}[2Ja"], "***");
}
