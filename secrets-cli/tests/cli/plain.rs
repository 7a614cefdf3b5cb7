//! Values from files and standard input, and plain ones.

use crate::bench::Bench;

#[test]
fn a_plain_value_is_kept_byte_for_byte() {
    let bench = Bench::new();
    bench.write("bytes", b"\xff\x00SeNtInEl");
    bench.ok(["register", "typed", "--plain=SeNtInEl"]);
    bench.ok(["register", "at", "--plain=@@SeNtInEl"]);
    bench.ok(["register", "bytes", "--plain=@bytes"]);
    let piped = bench.run_with_stdin(["register", "piped", "--plain=-"], b"SeNtInEl\n");
    assert_eq!(piped.code, Some(0));
    assert!(
        piped.stderr.contains("ends with a line break, which is part of the value"),
        "{piped:?}"
    );

    assert_eq!(bench.ok(["get", "typed", "typed", "--reveal"]), "SeNtInEl");
    assert_eq!(bench.ok(["get", "at", "at", "--reveal"]), "@SeNtInEl");
    assert_eq!(bench.ok(["get", "piped", "piped", "--reveal"]), "SeNtInEl\n");
    assert_eq!(bench.run(["get", "bytes", "bytes", "--reveal"]).stdout, b"\xff\x00SeNtInEl");
    assert_eq!(
        bench.ok(["get", "bytes", "--reveal", "--format=json"]),
        "{\"bytes\":[\"base64\", \"/wBTZU50SW5FbA==\"]}\n"
    );
    let shown = bench.run(["get", "bytes", "--reveal"]);
    assert_eq!(shown.stdout, b"bytes=/wBTZU50SW5FbA==\n");
    assert!(shown.stderr.contains("`bytes` is bytes, shown in base64"), "{shown:?}");
    assert_eq!(bench.run(["get", "typed", "--reveal"]).stderr, "");
    assert_eq!(bench.ok(["resolve", "bytes", "--reveal"]), "bytes=/wBTZU50SW5FbA==\n");
}

#[test]
fn a_plain_value_has_no_fields() {
    let bench = Bench::new();
    bench.ok(["register", "token", "--plain=SeNtInEl"]);
    bench.run(["update", "token", "--a=SeNtInEl"]).fails(5);
    bench.run(["register", "both", "--plain=SeNtInEl", "--a=SeNtInEl"]).fails(2);
    bench.run(["register", "none", "--plain"]).fails(2);
    bench.ok(["update", "token", "--plain=SeNtInEl-2"]);
    assert_eq!(bench.ok(["get", "token", "token", "--reveal"]), "SeNtInEl-2");
    bench.ok(["register", "empty", "--plain="]);
    assert_eq!(bench.ok(["get", "empty", "empty", "--reveal"]), "");
}

#[test]
fn one_plain_value_takes_the_place_of_fields_only_where_that_is_said() {
    let bench = Bench::new();
    bench.ok(["register", "db", "--a=SeNtInEl", "--b=2"]);
    let refused = bench.run(["update", "db", "--plain=SeNtInEl"]);
    refused.fails(5);
    assert!(refused.stderr.contains("2 fields") && refused.stderr.contains("--drop-fields"));
    assert_eq!(bench.ok(["get", "db", "b", "--reveal"]), "2");
    let done = bench.run(["update", "db", "--plain=SeNtInEl", "--drop-fields"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stderr.contains("`secrets get db --previous`"), "{done:?}");
    assert_eq!(bench.ok(["get", "db", "b", "--previous", "--reveal"]), "2");
    bench.run(["update", "db", "--a=1", "--drop-fields"]).fails(2);
}

#[test]
fn files_are_kept_as_they_are_up_to_64_kib() {
    let bench = Bench::new();
    bench.write("crlf", "SeNtInEl\r\n");
    let noted = bench.run(["register", "a", "--key=@crlf"]);
    assert!(noted.code == Some(0) && noted.stderr.contains("CR and LF"), "{noted:?}");
    assert_eq!(bench.ok(["get", "a", "key", "--reveal"]), "SeNtInEl\r\n");

    bench.write("large", "x".repeat(65_536));
    bench.ok(["register", "large", "--plain=@large"]);
    bench.write("larger", "x".repeat(65_537));
    bench.run(["register", "larger", "--plain=@larger"]).fails(5);
    bench.run(["register", "larger", "--key=@larger"]).fails(5);
    // The whole secret may be no longer than a value.
    bench.run(["register", "larger", "--key=@large"]).fails(5);
    assert_eq!(bench.ok(["list"]), "a\nlarge\n");
}

#[test]
fn a_file_that_cannot_be_read_is_told_with_every_other() {
    let bench = Bench::new();
    bench.write("bytes", b"\xffSeNtInEl");
    let ran = bench.run([
        "register",
        "db",
        "--format=json",
        "--a=@none",
        "--b=@.",
        "--c=@bytes",
        "--d=***",
        "--e=@",
    ]);
    ran.fails(5);
    assert_eq!(ran.json_kind(), "InvalidValue");
    assert_eq!(ran.stderr.matches("\"source\":").count(), 5, "{ran:?}");
    assert!(ran.stderr.contains("--plain=@FILE"), "{ran:?}");
    assert_eq!(bench.ok(["list"]), "");
}

#[test]
fn fields_come_from_json_too() {
    let bench = Bench::new();
    let json = br#"{"user": "SeNtInEl", "port": 5432}"#;
    let ran = bench.run_with_stdin(["register", "db", "--from-json", "-", "--password=x"], json);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(bench.ok(["get", "db", "--reveal"]), "user=SeNtInEl\nport=5432\npassword=x\n");
    for (json, code) in [
        (&br#"{"a": "SeNtInEl", "a": 1}"#[..], 5),
        (b"[\"SeNtInEl\"]", 5),
        (b"SeNtInEl", 5),
        (b"{\"a\": \"SeNtInEl", 5),
        (br#"{"a": "***"}"#, 5),
        (b"\xff", 5),
        (b"", 5),
    ] {
        bench.run_with_stdin(["register", "bad", "--from-json=-"], json).fails(code);
    }
    bench.run(["register", "bad", "--from-json", "none.json"]).fails(5);
    let twice = bench.run_with_stdin(["register", "bad", "--from-json=-", "--user=SeNtInEl"], json);
    twice.fails(2);
}

#[test]
fn a_value_that_starts_with_an_at_sign_is_not_shown_as_a_path() {
    let bench = Bench::new();
    for (argument, whose) in [
        ("--password=@SeNtInEl", "password"),
        ("--password=@~/SeNtInEl", "password"),
        ("--password=@./SeNtInEl/..", "password"),
        ("--plain=@SeNtInEl", "--plain"),
    ] {
        for command in ["register", "update"] {
            let ran = bench.run([command, "db", argument]);
            ran.fails(5);
            let said = format!("the file after `@` of `{whose}` cannot be read");
            assert!(ran.stderr.contains(&said) && ran.stderr.contains("@@"), "{ran:?}");
        }
        let json = bench.run(["register", "db", argument, "--format=json"]);
        json.fails(5);
        assert_eq!(json.json_kind(), "InvalidValue");
    }
}
