//! `list` prints names as they come.

use std::process::Stdio;

use crate::bench::{Bench, Ran};

#[test]
fn an_empty_list_is_no_line_and_an_empty_list_in_json() {
    let bench = Bench::new();
    assert_eq!(bench.ok(["list"]), "");
    assert_eq!(bench.ok(["list", "--format=json"]), "[]\n");
}

#[test]
fn names_come_in_the_order_of_their_files() {
    let bench = Bench::new();
    bench.write(
        "all.json",
        r#"{"b": "SeNtInEl", "C": "SeNtInEl", "a/d": "SeNtInEl", "a": "SeNtInEl"}"#,
    );
    bench.ok(["import", "all.json"]);
    assert_eq!(bench.ok(["list"]), "a\na/d\nb\nC\n");
    assert_eq!(bench.ok(["list", "--format=json"]), "[\"a\",\"a/d\",\"b\",\"C\"]\n");
}

#[test]
fn without_a_reader_the_list_ends_at_the_first_name_and_says_nothing() {
    let bench = Bench::new();
    for name in ["a", "b"] {
        bench.ok(["register", name, "--plain=SeNtInEl"]);
    }
    // Whoever reads on to the end of the folder warns of it.
    bench.write("store/zzz.jwe", "damaged");
    let warned = bench.run(["list"]);
    assert_eq!((warned.code, warned.text().as_str()), (Some(0), "a\nb\n"), "{warned:?}");
    assert!(warned.stderr.contains("cannot be listed"), "{warned:?}");
    for format in ["--format=text", "--format=json"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = bench.command(["list", format]);
        command.stdout(writer).stderr(Stdio::piped());
        let ran = Ran::of(command.spawn().unwrap().wait_with_output().unwrap());
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(141), ""), "{ran:?}");
    }
}

#[test]
fn a_list_that_cannot_be_had_prints_nothing() {
    let bench = Bench::new();
    bench.write("store", "no folder");
    for format in ["--format=text", "--format=json"] {
        bench.run(["list", format]).fails(5);
    }
}
