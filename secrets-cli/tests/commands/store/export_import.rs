//! `export` and `import`.

use crate::support::{CliOutput, Sandbox};

fn three_secrets() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        "set.json",
        r#"{"user": "SeNtInEl 'x'", "port": 1.50, "list": [1, "a"], "none": null}"#,
    );
    sandbox.write("bytes", b"\x00\xffSeNtInEl");
    sandbox.ok(["register", "prod/db", "--from-json=set.json"]);
    sandbox.ok(["register", "token", "--plain=SeNtInEl\\ \"q\" $x\nline"]);
    sandbox.ok(["register", "key", "--plain=@bytes"]);
    sandbox
}

#[test]
fn import_reads_what_export_writes() {
    let sandbox = three_secrets();
    let exported = sandbox.ok(["export", "--all"]);
    let _: serde_json::Value = serde_json::from_str(&exported).unwrap();
    let other = Sandbox::new();
    other.write("all.json", &exported);
    other.ok(["import", "all.json"]);
    assert_eq!(other.ok(["export", "--all"]), exported);
    let again = other.run_with_stdin(["import", "-"], exported.as_bytes());
    assert!(again.stderr.contains("3 secrets are unchanged"), "{again:?}");
}

#[test]
fn nothing_is_exported_unless_all_names_exist() {
    let sandbox = three_secrets();
    let missing = sandbox.run(["export", "token", "none", "key", "nil", "bad\u{1}"]);
    missing.assert_fails(3);
    assert_eq!(missing.stderr.matches("error: ").count(), 3, "{missing:?}");
    // The order is that of the command line, and a repeated name counts once.
    let exported = sandbox.ok(["export", "token", "key", "token"]);
    let lines: Vec<_> = exported.lines().collect();
    assert!(lines.len() == 4 && lines[1].starts_with("  \"token\": "), "{} lines", lines.len());
    assert!(lines[2].starts_with("  \"key\": "));
    let dotenv = sandbox.ok(["export", "token", "prod/db", "--format", "dotenv"]);
    assert!(dotenv.contains("token=") && dotenv.contains("user="));
}

#[test]
fn a_shell_evaluates_exported_variables_and_import_reads_dotenv() {
    let sandbox = three_secrets();
    let shell = sandbox.ok(["export", "token", "--format", "shell"]);
    let script = format!("{shell}printf %s \"$token\"");
    let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(output.stdout, b"SeNtInEl\\ \"q\" $x\nline");

    let dotenv = sandbox.ok(["export", "prod/db", "--format", "dotenv"]);
    sandbox.write(".env", dotenv);
    sandbox.ok(["import", ".env", "--name", "copy"]);
    assert_eq!(sandbox.ok(["get", "copy", "user", "--reveal"]), "SeNtInEl 'x'");
    assert_eq!(sandbox.ok(["get", "copy", "list", "--reveal"]), "[1, \"a\"]");
}

#[test]
fn all_fields_that_cannot_be_variables_are_reported() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "a.json",
        r#"{"x-y": "SeNtInEl", "x.y": "SeNtInEl", "9": "SeNtInEl", "n": "SeNtInEl\u0000"}"#,
    );
    sandbox.ok(["register", "a", "--from-json=a.json"]);
    let result = sandbox.run(["export", "a", "--format=shell"]);
    result.assert_fails(5);
    assert_eq!(result.stderr.matches("error:").count(), 3, "{result:?}");
}

#[test]
fn with_a_name_a_file_of_fields_is_one_secret() {
    let sandbox = Sandbox::new();
    let json =
        sandbox.run_with_stdin(["import", "-", "--name", "db"], br#" {"a": "SeNtInEl", "n": 1}"#);
    assert_eq!(json.code, Some(0), "{json:?}");
    assert_eq!(sandbox.ok(["export", "db"]), "{\n  \"db\": {\"a\": \"SeNtInEl\", \"n\": 1}\n}\n");
    sandbox.run_with_stdin(["import", "-", "--name", "x"], b"{SeNtInEl").assert_fails(5);
    sandbox.run_with_stdin(["import", "-", "--name", "x"], b"A=***").assert_fails(5);
}

#[test]
fn what_is_empty_is_noted() {
    let sandbox = Sandbox::new();
    for (file, text, arguments, note) in [
        ("a.env", "A=\nB=SeNtInEl\n", &["--name=a"][..], "note: a: the value of `A` is empty\n"),
        ("b.env", "# A=1\n", &["--name=b"], "note: `b` has no fields\n"),
        ("c.json", r#"{"c": ""}"#, &[], "note: c: the value of `c` is empty\n"),
        ("d.json", "{}", &[], "nothing was imported: d.json has no secrets\n"),
    ] {
        sandbox.write(file, text);
        let result = sandbox.run(["import", file].iter().chain(arguments));
        assert!(result.code == Some(0) && result.stderr.contains(note), "{result:?}");
        assert!(!result.stderr.contains("`B`"), "{result:?}");
    }
}

#[test]
fn an_import_is_all_or_nothing() {
    let sandbox = Sandbox::new();
    for (text, code) in [
        (r#"{"good": {"a": "SeNtInEl"}, "bad": 5}"#, 5),
        (r#"{"good": {"a": "SeNtInEl"}, "bad": {"a": "***"}}"#, 5),
        (r#"{"good": {"a": "SeNtInEl"}, "": {"a": "SeNtInEl"}}"#, 5),
        (r#"{"good": {"a": "SeNtInEl"}, "good": {}}"#, 5),
        (r#"{"good": {"a": "SeNtInEl", "a": "SeNtInEl"}}"#, 5),
        (r#"{"good": ["base64", "SeNtInEl!"]}"#, 5),
        ("A=SeNtInEl\n", 5),
    ] {
        sandbox.write("in.json", text);
        sandbox.run(["import", "in.json"]).assert_fails(code);
    }
    sandbox.run(["import", "none.json"]).assert_fails(5);
    assert_eq!(sandbox.ok(["list"]), "");
}

#[test]
fn a_closed_output_ends_the_command_quietly() {
    let sandbox = Sandbox::new();
    sandbox.write("large", "SeNtInEl".repeat(8_000));
    sandbox.ok(["register", "large", "--plain=@large"]);
    let mut command = sandbox.command(["get", "large", "large", "--reveal"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let result = CliOutput::new(output);
    assert_eq!((result.code, result.stderr.as_str()), (Some(141), ""));
}

#[cfg(unix)]
#[test]
fn a_shell_that_reads_dotenv_does_not_run_a_value() {
    let sandbox = Sandbox::new();
    let value = "it's SeNtInEl $(touch made) `touch made` ${HOME} \\$(touch made)";
    sandbox.ok(["register", "token", &format!("--plain={value}")]);
    for written in [
        sandbox.ok(["export", "token", "--format", "dotenv"]),
        sandbox.ok(["get", "token", "--reveal"]),
        sandbox.ok(["resolve", "token", "--format", "dotenv", "--reveal"]),
    ] {
        sandbox.write(".env", written);
        let output = std::process::Command::new("sh")
            .args(["-c", ". ./.env; printf %s \"$token\""])
            .current_dir(sandbox.path())
            .output()
            .unwrap();
        assert!(!sandbox.path().join("made").exists(), "the value was run");
        assert!(output.stdout == value.as_bytes(), "the shell has another value");
        sandbox.ok(["import", ".env", "--name", "copy"]);
        assert!(sandbox.ok(["get", "copy", "token", "--reveal"]) == value, "another value is read");
    }
}

/// Values that need quotes, each in a field of its own.
const ODD: &[&str] = &[
    "two words",
    "it's",
    " # z",
    "$HOME",
    "a`b`",
    "two\nlines",
    "{\"a\": \"b c\"}",
    " x ",
    "a!b",
    "*",
    r"C:\new",
    r"D\me",
    r"a\nb",
    r"\n",
    r#"\""#,
    r"^\d+\.\w*$",
    "it's\nx",
    "it's \"q\"",
    r"a\\b",
    r"a\",
    "p'w\\d\"q$r`",
    "a\r\nb",
    r"\'",
    "",
    "line\n# c\n\nend\n",
    "-n",
    "~",
    "a;b|c&d",
];

#[cfg(unix)]
#[test]
fn every_value_comes_back_by_import_and_by_a_shell() {
    let sandbox = Sandbox::new();
    let fields: serde_json::Map<_, _> = ODD
        .iter()
        .enumerate()
        .map(|(index, value)| (format!("V{index}"), (*value).into()))
        .collect();
    let json = serde_json::Value::from(fields.clone()).to_string();
    sandbox.run_with_stdin(["register", "all", "--from-json=-"], json.as_bytes());
    for format in ["dotenv", "shell"] {
        sandbox.write(".env", sandbox.ok(["export", "all", "--format", format]));
        sandbox.ok(["import", ".env", "--name", "copy"]);
        let copy = sandbox.ok(["get", "copy", "--reveal", "--format", "json"]);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&copy).unwrap(),
            serde_json::Value::from(fields.clone())
        );
        for (name, value) in &fields {
            let script = format!(". ./.env; printf %s. \"${name}\"");
            let output = std::process::Command::new("sh")
                .args(["-c", &script])
                .current_dir(sandbox.path())
                .output()
                .unwrap();
            let expected = format!("{}.", value.as_str().unwrap());
            assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{format}");
        }
    }
}

#[test]
fn docker_gets_lines_without_quotes_and_no_line_breaks() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "f.json",
        r#"{"A": "a b", "B": "it's \"q\"", "C": "C:\\new", "D": "a#b # c", "E": " x ", "F": ""}"#,
    );
    sandbox.ok(["register", "good", "--from-json=f.json"]);
    let expected = "A=a b\nB=it's \"q\"\nC=C:\\new\nD=a#b # c\nE= x \nF=\n";
    assert_eq!(sandbox.ok(["export", "good", "--format", "docker"]), expected);
    sandbox.write("g.json", r#"{"one": "SeNtInEl\n", "two": "Se\rNtInEl", "three": "x"}"#);
    sandbox.ok(["register", "bad", "--from-json=g.json"]);
    let result = sandbox.run(["export", "bad", "--format", "docker"]);
    result.assert_fails(5);
    assert!(
        result.stderr.contains("field `one`") && result.stderr.contains("field `two`"),
        "{result:?}"
    );
    assert_eq!(result.stderr.matches("error:").count(), 2, "{result:?}");
}

#[test]
fn a_dotenv_file_that_cannot_be_read_keeps_nothing_and_shows_nothing() {
    let sandbox = Sandbox::new();
    for (text, lines) in [
        (
            "A=1\nE F=SeNtInEl\nA[0]=SeNtInEl\n=SeNtInEl\nSeNtInEl\n1A=SeNtInEl\n",
            &[2, 3, 4, 5, 6][..],
        ),
        ("A=SeNtInEl\nA=SeNtInEl\n'B'=SeNtInEl\n", &[2, 3]),
        ("A=\"SeNtInEl\" SeNtInEl\nB=\"SeNtInEl\n", &[1, 2]),
        ("A=\\'\"SeNtInEl\nSeNtInEl\"tail\n", &[2]),
    ] {
        sandbox.write("p.env", text);
        let result = sandbox.run(["import", "p.env", "--name", "p"]);
        result.assert_fails(5);
        for line in lines {
            assert!(result.stderr.contains(&format!("p.env: line {line}: ")), "{result:?}");
        }
        assert_eq!(result.stderr.matches("error:").count(), lines.len(), "{result:?}");
        assert_eq!(sandbox.ok(["list"]), "");
    }
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let sandbox = Sandbox::new();
    for (text, name) in [
        ("\u{FEFF}A=SeNtInEl\r\n", Some("db")),
        ("\u{FEFF}{\"A\": \"SeNtInEl\"}", Some("db")),
        ("\u{FEFF}{\"db\": {\"A\": \"SeNtInEl\"}}", None),
    ] {
        let named = name.map(|name| ["--name", name]);
        let arguments = ["import", "-"].into_iter().chain(named.into_iter().flatten());
        let result = sandbox.run_with_stdin(arguments, text.as_bytes());
        assert_eq!(result.code, Some(0), "{result:?}");
        assert_eq!(sandbox.ok(["get", "db", "A", "--reveal"]), "SeNtInEl");
    }
}

#[test]
fn variables_of_the_dynamic_linker_are_exported_in_json_only() {
    let sandbox = Sandbox::new();
    sandbox.ok([
        "register",
        "db",
        "--LD_PRELOAD=SeNtInEl",
        "--DYLD_X=SeNtInEl",
        "--OLD_X=SeNtInEl",
    ]);
    for format in ["shell", "dotenv"] {
        for what in ["db", "--all"] {
            let result = sandbox.run(["export", what, "--format", format]);
            result.assert_fails(5);
            assert_eq!(result.stderr.matches("how programs are loaded").count(), 2, "{result:?}");
            assert!(result.stderr.contains("--format json"), "{result:?}");
        }
    }
    let json: serde_json::Value = serde_json::from_str(&sandbox.ok(["export", "db"])).unwrap();
    assert_eq!(json["db"].as_object().unwrap().len(), 3);
}

#[test]
fn an_export_is_written_to_a_private_file() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--a=SeNtInEl"]);
    let printed = sandbox.ok(["export", "--all"]);
    for option in ["-o", "--output"] {
        let result = sandbox.run(["export", "--all", option, "out"]);
        assert_eq!((result.code, result.text().as_str()), (Some(0), ""), "{result:?}");
        assert_eq!(std::fs::read_to_string(sandbox.path().join("out")).unwrap(), printed);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(sandbox.path().join("out")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            // A file that others may read does not stay one.
            let open = std::fs::Permissions::from_mode(0o644);
            std::fs::set_permissions(sandbox.path().join("out"), open).unwrap();
        }
    }
    assert_eq!(sandbox.ok(["export", "db", "--output=-"]), printed);
    sandbox.run(["export", "db", "none", "-o", "other"]).assert_fails(3);
    sandbox.run(["export", "db", "-o", "no/such/folder"]).assert_fails(5);
    assert!(!sandbox.path().join("other").exists() && !sandbox.path().join("-").exists());
}
