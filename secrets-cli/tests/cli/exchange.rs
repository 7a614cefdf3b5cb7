//! Writing secrets out and taking them in.

use crate::bench::{Bench, Ran};

fn three_secrets() -> Bench {
    let bench = Bench::new();
    bench.write(
        "set.json",
        r#"{"user": "SeNtInEl 'x'", "port": 1.50, "list": [1, "a"], "none": null}"#,
    );
    bench.write("bytes", b"\x00\xffSeNtInEl");
    bench.ok(["register", "prod/db", "--from-json=set.json"]);
    bench.ok(["register", "token", "--plain=SeNtInEl\\ \"q\" $x\nline"]);
    bench.ok(["register", "key", "--plain=@bytes"]);
    bench
}

#[test]
fn what_export_writes_import_reads_whatever_it_is() {
    let bench = three_secrets();
    let exported = bench.ok(["export", "--all"]);
    let _: serde_json::Value = serde_json::from_str(&exported).unwrap();
    let other = Bench::new();
    other.write("all.json", &exported);
    other.ok(["import", "all.json"]);
    assert_eq!(other.ok(["export", "--all"]), exported);
    let again = other.run_with_stdin(["import", "-"], exported.as_bytes());
    assert!(again.stderr.contains("3 of them new versions"), "{again:?}");
}

#[test]
fn several_are_exported_and_none_unless_all_are_there() {
    let bench = three_secrets();
    let missing = bench.run(["export", "token", "none", "key", "nil", "bad\u{1}"]);
    missing.fails(3);
    assert_eq!(missing.stderr.matches("error: ").count(), 3, "{missing:?}");
    // In the order of the command line, and a name that stands twice is one.
    let exported = bench.ok(["export", "token", "key", "token"]);
    let lines: Vec<_> = exported.lines().collect();
    assert!(lines.len() == 4 && lines[1].starts_with("  \"token\": "), "{} lines", lines.len());
    assert!(lines[2].starts_with("  \"key\": "));
    let dotenv = bench.ok(["export", "token", "prod/db", "--format", "dotenv"]);
    assert!(dotenv.contains("token=") && dotenv.contains("user="));
}

#[test]
fn variables_go_out_for_a_shell_and_come_back_from_dotenv() {
    let bench = three_secrets();
    let shell = bench.ok(["export", "token", "--format", "shell"]);
    let script = format!("{shell}printf %s \"$token\"");
    let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(output.stdout, b"SeNtInEl\\ \"q\" $x\nline");

    let dotenv = bench.ok(["export", "prod/db", "--format", "dotenv"]);
    bench.write(".env", dotenv);
    bench.ok(["import", ".env", "--name", "copy"]);
    assert_eq!(bench.ok(["get", "copy", "user", "--reveal"]), "SeNtInEl 'x'");
    assert_eq!(bench.ok(["get", "copy", "list", "--reveal"]), "[1, \"a\"]");
}

#[test]
fn variables_that_cannot_be_are_all_told() {
    let bench = Bench::new();
    bench.write(
        "a.json",
        r#"{"x-y": "SeNtInEl", "x.y": "SeNtInEl", "9": "SeNtInEl", "n": "SeNtInEl\u0000"}"#,
    );
    bench.ok(["register", "a", "--from-json=a.json"]);
    let ran = bench.run(["export", "a", "--format=shell"]);
    ran.fails(5);
    assert_eq!(ran.stderr.matches("error:").count(), 3, "{ran:?}");
}

#[test]
fn with_a_name_a_file_of_fields_is_one_secret() {
    let bench = Bench::new();
    let json =
        bench.run_with_stdin(["import", "-", "--name", "db"], br#" {"a": "SeNtInEl", "n": 1}"#);
    assert_eq!(json.code, Some(0), "{json:?}");
    assert_eq!(bench.ok(["export", "db"]), "{\n  \"db\": {\"a\": \"SeNtInEl\", \"n\": 1}\n}\n");
    bench.run_with_stdin(["import", "-", "--name", "x"], b"{SeNtInEl").fails(5);
    bench.run_with_stdin(["import", "-", "--name", "x"], b"A=***").fails(5);
}

#[test]
fn an_import_is_all_or_nothing() {
    let bench = Bench::new();
    for (text, code) in [
        (r#"{"good": {"a": "SeNtInEl"}, "bad": 5}"#, 5),
        (r#"{"good": {"a": "SeNtInEl"}, "bad": {"a": "***"}}"#, 5),
        (r#"{"good": {"a": "SeNtInEl"}, "": {"a": "SeNtInEl"}}"#, 5),
        (r#"{"good": {"a": "SeNtInEl"}, "good": {}}"#, 5),
        (r#"{"good": {"a": "SeNtInEl", "a": "SeNtInEl"}}"#, 5),
        (r#"{"good": ["base64", "SeNtInEl!"]}"#, 5),
        ("A=SeNtInEl\n", 5),
    ] {
        bench.write("in.json", text);
        bench.run(["import", "in.json"]).fails(code);
    }
    bench.run(["import", "none.json"]).fails(5);
    assert_eq!(bench.ok(["list"]), "");
}

#[test]
fn a_reader_that_leaves_early_is_no_crash() {
    let bench = Bench::new();
    bench.write("large", "SeNtInEl".repeat(8_000));
    bench.ok(["register", "large", "--plain=@large"]);
    let mut command = bench.command(["get", "large", "large", "--reveal"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let ran = Ran::of(output);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(141), ""));
}

#[cfg(unix)]
#[test]
fn a_shell_that_reads_dotenv_runs_nothing_of_a_value() {
    let bench = Bench::new();
    let value = "it's SeNtInEl $(touch ran) `touch ran` ${HOME} \\$(touch ran)";
    bench.ok(["register", "token", &format!("--plain={value}")]);
    for written in [
        bench.ok(["export", "token", "--format", "dotenv"]),
        bench.ok(["get", "token", "--reveal"]),
        bench.ok(["resolve", "token", "--format", "dotenv", "--reveal"]),
    ] {
        bench.write(".env", written);
        let output = std::process::Command::new("sh")
            .args(["-c", ". ./.env; printf %s \"$token\""])
            .current_dir(bench.path())
            .output()
            .unwrap();
        assert!(!bench.path().join("ran").exists(), "the value was run");
        assert!(output.stdout == value.as_bytes(), "the shell has another value");
        bench.ok(["import", ".env", "--name", "copy"]);
        assert!(bench.ok(["get", "copy", "token", "--reveal"]) == value, "another value is read");
    }
}

#[test]
fn what_the_dynamic_linker_reads_is_exported_in_json_only() {
    let bench = Bench::new();
    bench.ok(["register", "db", "--LD_PRELOAD=SeNtInEl", "--DYLD_X=SeNtInEl", "--OLD_X=SeNtInEl"]);
    for format in ["shell", "dotenv"] {
        for what in ["db", "--all"] {
            let ran = bench.run(["export", what, "--format", format]);
            ran.fails(5);
            assert_eq!(ran.stderr.matches("how programs are loaded").count(), 2, "{ran:?}");
            assert!(ran.stderr.contains("--format json"), "{ran:?}");
        }
    }
    let json: serde_json::Value = serde_json::from_str(&bench.ok(["export", "db"])).unwrap();
    assert_eq!(json["db"].as_object().unwrap().len(), 3);
}
