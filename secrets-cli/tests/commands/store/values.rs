//! Plain values, and values from files and standard input.

use crate::support::Sandbox;

#[test]
fn a_plain_value_is_stored_byte_for_byte() {
    let sandbox = Sandbox::new();
    sandbox.write("bytes", b"\xff\x00SeNtInEl");
    sandbox.ok(["register", "typed", "--plain=SeNtInEl"]);
    sandbox.ok(["register", "at", "--plain=@@SeNtInEl"]);
    sandbox.ok(["register", "bytes", "--plain=@bytes"]);
    let piped = sandbox.run_with_stdin(["register", "piped", "--plain=-"], b"SeNtInEl\n");
    assert_eq!(piped.code, Some(0));
    assert!(
        piped.stderr.contains("ends with a line break, which is part of the value; to leave it out, write the value with `printf %s`"),
        "{piped:?}"
    );

    assert_eq!(sandbox.ok(["get", "typed", "typed", "--reveal"]), "SeNtInEl");
    assert_eq!(sandbox.ok(["get", "at", "at", "--reveal"]), "@SeNtInEl");
    assert_eq!(sandbox.ok(["get", "piped", "piped", "--reveal"]), "SeNtInEl\n");
    assert_eq!(sandbox.run(["get", "bytes", "bytes", "--reveal"]).stdout, b"\xff\x00SeNtInEl");
    assert_eq!(
        sandbox.ok(["get", "bytes", "--reveal", "--format=json"]),
        "{\"bytes\":[\"base64\", \"/wBTZU50SW5FbA==\"]}\n"
    );
    let shown = sandbox.run(["get", "bytes", "--reveal"]);
    assert_eq!(shown.stdout, b"bytes=/wBTZU50SW5FbA==\n");
    assert!(shown.stderr.contains("`bytes` is bytes, shown in base64"), "{shown:?}");
    assert_eq!(sandbox.run(["get", "typed", "--reveal"]).stderr, "");
    assert_eq!(sandbox.ok(["resolve", "bytes", "--reveal"]), "bytes=/wBTZU50SW5FbA==\n");
}

#[test]
fn a_plain_value_has_no_fields() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "token", "--plain=SeNtInEl"]);
    sandbox.run(["update", "token", "--a=SeNtInEl"]).assert_fails(5);
    sandbox.run(["register", "both", "--plain=SeNtInEl", "--a=SeNtInEl"]).assert_fails(2);
    sandbox.run(["register", "none", "--plain"]).assert_fails(2);
    sandbox.ok(["update", "token", "--plain=SeNtInEl-2"]);
    assert_eq!(sandbox.ok(["get", "token", "token", "--reveal"]), "SeNtInEl-2");
    sandbox.ok(["register", "empty", "--plain="]);
    assert_eq!(sandbox.ok(["get", "empty", "empty", "--reveal"]), "");
}

#[test]
fn one_plain_value_replaces_fields_only_with_drop_fields() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--a=SeNtInEl", "--b=2"]);
    let refused = sandbox.run(["update", "db", "--plain=SeNtInEl"]);
    refused.assert_fails(5);
    assert!(refused.stderr.contains("2 fields") && refused.stderr.contains("--drop-fields"));
    assert_eq!(sandbox.ok(["get", "db", "b", "--reveal"]), "2");
    let done = sandbox.run(["update", "db", "--plain=SeNtInEl", "--drop-fields"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stderr.contains("`secrets get db --previous`"), "{done:?}");
    assert_eq!(sandbox.ok(["get", "db", "b", "--previous", "--reveal"]), "2");
    sandbox.run(["update", "db", "--a=1", "--drop-fields"]).assert_fails(2);
}

#[test]
fn files_of_up_to_64_kib_are_stored_unchanged() {
    let sandbox = Sandbox::new();
    sandbox.write("crlf", "SeNtInEl\r\n");
    let noted = sandbox.run(["register", "a", "--key=@crlf"]);
    assert!(noted.code == Some(0) && noted.stderr.contains("CR and LF"), "{noted:?}");
    assert_eq!(sandbox.ok(["get", "a", "key", "--reveal"]), "SeNtInEl\r\n");

    sandbox.write("large", "x".repeat(65_536));
    sandbox.ok(["register", "large", "--plain=@large"]);
    sandbox.write("larger", "x".repeat(65_537));
    sandbox.run(["register", "larger", "--plain=@larger"]).assert_fails(5);
    sandbox.run(["register", "larger", "--key=@larger"]).assert_fails(5);
    // The limit of a value holds for the whole secret too.
    sandbox.run(["register", "larger", "--key=@large"]).assert_fails(5);
    assert_eq!(sandbox.ok(["list"]), "a\nlarge\n");
}

#[test]
fn all_files_that_cannot_be_read_are_reported_at_once() {
    let sandbox = Sandbox::new();
    sandbox.write("bytes", b"\xffSeNtInEl");
    let result = sandbox.run([
        "register",
        "db",
        "--format=json",
        "--a=@none",
        "--b=@.",
        "--c=@bytes",
        "--d=***",
        "--e=@",
    ]);
    result.assert_fails(5);
    assert_eq!(result.json_kind(), "InvalidValue");
    assert_eq!(result.stderr.matches("\"source\":").count(), 5, "{result:?}");
    assert!(result.stderr.contains("--plain=@FILE"), "{result:?}");
    assert_eq!(sandbox.ok(["list"]), "");
}

#[test]
fn fields_come_from_json_too() {
    let sandbox = Sandbox::new();
    let json = br#"{"user": "SeNtInEl", "port": 5432}"#;
    let result =
        sandbox.run_with_stdin(["register", "db", "--from-json", "-", "--password=x"], json);
    assert_eq!(result.code, Some(0), "{result:?}");
    assert_eq!(sandbox.ok(["get", "db", "--reveal"]), "user=SeNtInEl\nport=5432\npassword=x\n");
    for (json, code) in [
        (&br#"{"a": "SeNtInEl", "a": 1}"#[..], 5),
        (b"[\"SeNtInEl\"]", 5),
        (b"SeNtInEl", 5),
        (b"{\"a\": \"SeNtInEl", 5),
        (br#"{"a": "***"}"#, 5),
        (b"\xff", 5),
        (b"", 5),
    ] {
        sandbox.run_with_stdin(["register", "bad", "--from-json=-"], json).assert_fails(code);
    }
    sandbox.run(["register", "bad", "--from-json", "none.json"]).assert_fails(5);
    let twice =
        sandbox.run_with_stdin(["register", "bad", "--from-json=-", "--user=SeNtInEl"], json);
    twice.assert_fails(2);
}

#[test]
fn a_value_that_starts_with_an_at_sign_is_not_shown_as_a_path() {
    let sandbox = Sandbox::new();
    for (argument, whose) in [
        ("--password=@SeNtInEl", "password"),
        ("--password=@~/SeNtInEl", "password"),
        ("--password=@./SeNtInEl/..", "password"),
        ("--plain=@SeNtInEl", "--plain"),
    ] {
        for command in ["register", "update"] {
            let result = sandbox.run([command, "db", argument]);
            result.assert_fails(5);
            let said = format!("the file after `@` of `{whose}` cannot be read");
            assert!(result.stderr.contains(&said) && result.stderr.contains("@@"), "{result:?}");
        }
        let json = sandbox.run(["register", "db", argument, "--format=json"]);
        json.assert_fails(5);
        assert_eq!(json.json_kind(), "InvalidValue");
    }
}

#[test]
fn a_hyphen_is_standard_input_once_a_command() {
    let sandbox = Sandbox::new();
    let stdin = |arguments: &[&str], text: &str| sandbox.run_with_stdin(arguments, text.as_bytes());
    let get = |name: &str, key: &str| sandbox.ok(["get", name, key, "--reveal"]);
    for (name, value) in [("a", "--token=-"), ("b", "--token=@-")] {
        assert_eq!(stdin(&["register", name, "--user=u", value], "SeNtInEl").code, Some(0));
        assert_eq!((get(name, "token"), get(name, "user")), ("SeNtInEl".into(), "u".into()));
    }
    assert_eq!(stdin(&["update", "a", "--token=-"], "SeNtInEl-2").code, Some(0));
    assert_eq!(get("a", "token"), "SeNtInEl-2");
    let line = stdin(&["update", "a", "--token=-"], "SeNtInEl-3\n");
    assert!(line.stderr.contains("ends with a line break"), "{line:?}");
    let empty = stdin(&["register", "empty", "--token=-"], "");
    assert!(empty.stderr.contains("the value of `token` is empty"), "{empty:?}");
    for arguments in [
        &["register", "c", "--a=-", "--b=-"][..],
        &["register", "c", "--a=-", "--b=@-"],
        &["register", "c", "--a=-", "--from-json", "-"],
        &["update", "a", "--a=-", "--b=-"],
    ] {
        let twice = stdin(arguments, "SeNtInEl");
        twice.assert_fails(2);
        assert!(twice.stderr.contains("more than once: --"), "{twice:?}");
    }
    stdin(&["register", "c", "--a=-"], "***").assert_fails(5);
    sandbox.run(["get", "c"]).assert_fails(3);
}

#[test]
fn an_empty_value_is_noted() {
    let sandbox = Sandbox::new();
    sandbox.write("none", "");
    sandbox.write("in.json", r#"{"a": "", "b": "SeNtInEl"}"#);
    for (arguments, noted) in [
        (&["register", "a", "--user=u", "--password="][..], Some("`password` is empty")),
        (&["register", "b", "--plain="], Some("`b` is empty")),
        (&["register", "c", "--plain=@none"], Some("`c` is empty")),
        (&["register", "d", "--from-json=in.json"], Some("`a` is empty")),
        (&["update", "a", "--user=@none"], Some("`user` is empty")),
        (&["register", "e", "--user=u"], None),
        (&["register", "f", "--plain=x"], None),
        (&["update", "a", "--user=x"], None),
    ] {
        let result = sandbox.run(arguments);
        assert_eq!(result.code, Some(0), "{result:?}");
        match noted {
            Some(note) => assert!(result.stderr.contains(note), "{result:?}"),
            None => assert!(!result.stderr.contains("empty"), "{result:?}"),
        }
    }
}

#[cfg(unix)]
#[test]
fn the_command_writes_no_core_file_and_its_program_has_the_limit_of_the_caller() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--a=SeNtInEl"]);
    let secrets = env!("CARGO_BIN_EXE_secrets");
    let show = "ulimit -S -c; ulimit -H -c";
    let raise = "ulimit -S -c $(ulimit -H -c)";
    let shell = |script: String| {
        let mut shell = std::process::Command::new("sh");
        let command = sandbox.command(["list"]);
        let environment = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        shell.args(["-c", &script, secrets]).envs(environment);
        String::from_utf8(shell.output().unwrap().stdout).unwrap()
    };
    let text = shell(format!("{raise}; {show}; exec \"$0\" run db -- sh -c '{show}'"));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert_eq!(lines[..2], lines[2..], "the program has another limit than the shell");
    if cfg!(target_os = "linux") {
        let limits = shell(format!("{raise}; exec \"$0\" render /proc/self/limits"));
        let own = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(own.split_whitespace().nth(4), Some("0"), "{own}");
    }
}

#[test]
fn json_of_another_form_is_named_and_the_help_says_what_to_write() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--a=x"]);
    let object = r#"write an object of fields, such as {"user": "app", "port": 5432}"#;
    for (json, found) in [
        ("[1, \"SeNtInEl\"]", "the JSON is a list, where an object is needed"),
        ("\"SeNtInEl\"", "the JSON is a string, where an object is needed"),
        ("12345678", "the JSON is a number, where an object is needed"),
        ("null", "the JSON is null, where an object is needed"),
        ("SeNtInEl", "it is not JSON, where an object is needed"),
        ("", "the payload is empty, where an object is needed"),
        ("{\"a\": SeNtInEl}", "a value is missing, or is not JSON"),
    ] {
        sandbox.write("in.json", json);
        for command in ["register", "update"] {
            let name = if command == "register" { "new" } else { "db" };
            let arguments = [command, name, "--from-json"];
            let of_file = sandbox.run(arguments.iter().chain(&["in.json"]));
            let of_stdin = sandbox.run_with_stdin(arguments.iter().chain(&["-"]), json.as_bytes());
            for (result, origin) in [(of_file, "in.json"), (of_stdin, "standard input")] {
                result.assert_fails(5);
                let expected = format!("error: {origin}: {found}");
                assert!(result.stderr.starts_with(&expected), "{expected}: {result:?}");
                assert!(result.stderr.contains(object), "{result:?}");
                assert!(result.stderr.contains("--plain=@FILE"), "{result:?}");
                assert!(!result.stderr.contains("\"options\""), "it is not a source: {result:?}");
            }
        }
    }
    // On the command line itself it is not the name of a file either.
    for (json, form) in [("[1,2]", "a list"), ("\"SeNtInEl\"", "a string")] {
        let result = sandbox.run(["register", "new", "--from-json", json]);
        result.assert_fails(2);
        assert!(result.stderr.contains(&format!("this is JSON itself, {form}")), "{result:?}");
        assert!(result.stderr.contains(object), "{result:?}");
    }
    let result = sandbox.run(["register", "new", "--from-json", "{\"a\": 1}"]);
    assert!(result.stderr.contains("help: pipe it into `--from-json -`"), "{result:?}");
}

#[test]
fn an_import_of_another_form_says_what_to_write() {
    let sandbox = Sandbox::new();
    sandbox.write("in.json", "[\"SeNtInEl\"]");
    let one = sandbox.run(["import", "in.json", "--name", "db"]);
    one.assert_fails(5);
    assert!(
        one.stderr.contains("in.json: the JSON is a list, where an object is needed"),
        "{one:?}"
    );
    assert!(one.stderr.contains("or the lines of a dotenv file"), "{one:?}");
    sandbox.write("in.json", r#"{"db": {"a": 1, "a": "SeNtInEl"}, "api": {"b": "\ud800"}}"#);
    let all = sandbox.run(["import", "in.json"]);
    all.assert_fails(5);
    assert!(!all.stderr.contains("\"options\""), "it is not a source: {all:?}");
}
