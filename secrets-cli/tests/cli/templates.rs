//! `render`.

use crate::bench::Bench;

#[test]
fn a_template_is_filled_in_whole_or_not_at_all() {
    let bench = Bench::new();
    bench.ok(["register", "db", "--user=app", "--password=SeNtInEl/2"]);
    bench.write("t", "url = \"postgres://{{db.user}}:{{ db.password | url }}@host\" \\{{x}}\n");
    let expected = "url = \"postgres://app:SeNtInEl%2F2@host\" {{x}}\n";
    assert_eq!(bench.ok(["render", "t"]), expected);
    bench.ok(["render", "t", "--output", "filled"]);
    assert_eq!(std::fs::read_to_string(bench.path().join("filled")).unwrap(), expected);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(bench.path().join("filled")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let piped = bench.run_with_stdin(["render", "-"], b"{{db.user}} SeNtInEl");
    assert_eq!(piped.text(), "app SeNtInEl");
    assert_eq!(bench.run_with_stdin(["render", "-"], b"no references").text(), "no references");

    bench.write("bad", "SeNtInEl {{db}}\n{{db.user\n");
    bench.run(["render", "bad", "--output", "other"]).fails(5);
    bench.write("missing", "SeNtInEl {{db.none}} {{db.user}}");
    bench.run(["render", "missing", "-o", "other"]).fails(3);
    bench.write("nowhere", "{{none.a}} {{neither.b}}");
    let nowhere = bench.run(["render", "nowhere", "--format=json"]);
    nowhere.fails(3);
    assert_eq!(nowhere.stderr.matches("\"source\":").count(), 2);
    bench.run(["render", "no-such-file"]).fails(5);
    assert!(!bench.path().join("other").exists());
    bench.run(["render", "t", "--output", "none/there"]).fails(1);
}
