//! `list`.

use std::process::Stdio;

use crate::support::{CliOutput, Sandbox};

#[test]
fn an_empty_list_has_no_lines_and_is_an_empty_list_in_json() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.ok(["list", "--format=json"]), "[]\n");
    let empty = sandbox.run(["list"]);
    let said = format!(
        "there are no secrets in the local store in {}\n",
        sandbox.path().join("store").display()
    );
    assert_eq!((empty.code, empty.stdout.len(), empty.stderr), (Some(0), 0, said));
    sandbox.ok(["register", "a", "--x=SeNtInEl"]);
    assert_eq!(sandbox.run(["list"]).stderr, "");
}

#[test]
fn names_come_in_the_order_of_their_files() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "all.json",
        r#"{"b": "SeNtInEl", "C": "SeNtInEl", "a/d": "SeNtInEl", "a": "SeNtInEl"}"#,
    );
    sandbox.ok(["import", "all.json"]);
    assert_eq!(sandbox.ok(["list"]), "a\na/d\nb\nC\n");
    assert_eq!(sandbox.ok(["list", "--format=json"]), "[\"a\",\"a/d\",\"b\",\"C\"]\n");
}

#[test]
fn with_a_closed_output_the_list_ends_quietly_at_the_first_name() {
    let sandbox = Sandbox::new();
    for name in ["a", "b"] {
        sandbox.ok(["register", name, "--plain=SeNtInEl"]);
    }
    // A list that reads the whole folder fails at this file, so an error shows whether it did.
    sandbox.write("store/zzz.jwe", "damaged");
    let warned = sandbox.run(["list"]);
    assert_eq!((warned.code, warned.text().as_str()), (Some(5), "a\nb\n"), "{warned:?}");
    assert!(warned.stderr.contains("zzz.jwe"), "{warned:?}");
    for format in ["--format=text", "--format=json"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = sandbox.command(["list", format]);
        command.stdout(writer).stderr(Stdio::piped());
        let result = CliOutput::new(command.spawn().unwrap().wait_with_output().unwrap());
        assert_eq!((result.code, result.stderr.as_str()), (Some(141), ""), "{result:?}");
    }
}

#[test]
fn a_failed_list_prints_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("store", "no folder");
    for format in ["--format=text", "--format=json"] {
        sandbox.run(["list", format]).assert_fails(5);
    }
}
