//! `render`.

use crate::bench::{Bench, Ran};

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
    bench.run(["render", "t", "--output", "none/there"]).fails(5);
}

/// Recorded texts that ZenML leaves as they are or takes for a reference with an odd name, and that are an error
/// here (Z1).
const ERRORS: &[&str] = &[
    "{{\tname.key\n}}",
    "{{name . key}}",
    "{{na me.key}}",
    "{{a}}.{{b}}",
    "{{name}}",
    "{{name.}}",
    "{{.key}}",
    "{{...}}",
    "{{ }}",
    "{{{a.b}}}",
    "{{{{a.b}}}}",
    "{{a.b}",
    "{{{a.b}}",
    "{{a.b\u{A0}}}",
    "{{a.b|upper}}",
    "{{a.b, c.d}}",
    "{{ . }}",
    "{{ x. }}",
    "{{ ..x }}",
    "{{ a .b }}",
    "{{a.}} }}",
    "{{\r\na.b\r\n}}",
    "{{a.b\0}}",
    "{{x}}.y}}",
];

/// Recorded texts that are references with other text beside them here (Z1), and what becomes of them.
const WITHIN: &[(&str, &str)] = &[
    (" {{name.key}}", " name/key"),
    ("{{a.b}}{{c.d}}", "a/bc/d"),
    ("{{a.b}}/{{c.d}}", "a/b/c/d"),
    ("{{a.b}}}", "a/b}"),
    ("{{a.b}}\\n", "a/b\\n"),
    ("${{a.b}}", "$a/b"),
    ("{{a.b}}{", "a/b{"),
];

#[test]
fn every_recorded_reference() {
    let text = include_str!("../../../tests/vectors/zenml.json");
    let vectors: serde_json::Value = serde_json::from_str(text).unwrap();
    let bench = Bench::new();
    for (name, key) in [("name", "key"), ("a", "b"), ("c", "d")] {
        bench.ok(["register", name, &format!("--{key}={name}/{key}")]);
    }
    let mut run = 0;
    for case in vectors["zenml_refs"].as_array().unwrap() {
        let Some(template) = case["value"].as_str() else { continue };
        run += 1;
        let modern = &case["modern"];
        if let (Some(name), Some(key)) = (modern["name"].as_str(), modern["key"].as_str()) {
            let fields = serde_json::json!({ key: format!("{name}/{key}") }).to_string();
            // One that is there already gets the field too.
            for command in ["register", "update"] {
                bench.run_with_stdin([command, name, "--from-json=-"], fields.as_bytes());
            }
        }
        let ran = bench.run_with_stdin(["render", "-"], template.as_bytes());
        if ERRORS.contains(&template) {
            ran.fails(5);
            continue;
        }
        let within = WITHIN.iter().find(|(text, _)| *text == template).map(|(_, filled)| *filled);
        let expected = match (within, modern["name"].as_str(), modern["key"].as_str()) {
            (Some(filled), ..) => filled.to_owned(),
            (None, Some(name), Some(key)) => format!("{name}/{key}"),
            _ => template.to_owned(),
        };
        assert_eq!((ran.code, ran.text()), (Some(0), expected), "{template:?} {ran:?}");
    }
    assert_eq!(run, 43, "a case was added or lost");
}

#[cfg(unix)]
#[test]
fn an_output_that_is_no_regular_file_stays_what_it_is() {
    use std::os::unix::fs::{FileTypeExt, symlink};

    let bench = Bench::new();
    bench.ok(["register", "db", "--password=SeNtInEl"]);
    bench.write("t", "{{db.password}}");
    bench.write("target", "before");
    let made = std::process::Command::new("mkfifo").arg(bench.path().join("pipe")).status();
    assert!(made.unwrap().success());
    symlink("nowhere", bench.path().join("dangling")).unwrap();
    symlink("target", bench.path().join("link")).unwrap();
    std::fs::create_dir(bench.path().join("folder")).unwrap();
    for output in ["pipe", "dangling", "link", "folder"] {
        let ran = bench.run(["render", "t", "--output", output]);
        ran.fails(5);
        assert!(ran.stderr.contains("leave `--output` out for standard output"), "{ran:?}");
    }
    let kind = |name: &str| bench.path().join(name).symlink_metadata().unwrap().file_type();
    assert!(kind("pipe").is_fifo() && kind("dangling").is_symlink() && kind("link").is_symlink());
    assert!(!bench.path().join("nowhere").exists());
    assert_eq!(std::fs::read_to_string(bench.path().join("target")).unwrap(), "before");
    // What is a file is replaced.
    bench.ok(["render", "t", "--output", "target"]);
    assert!(std::fs::read(bench.path().join("target")).unwrap() == b"SeNtInEl");
}

#[cfg(unix)]
#[test]
fn a_file_beside_the_output_is_nobody_elses() {
    let bench = Bench::new();
    bench.write("t", "no references");
    // A name made of the process's number could be foreseen: `exec` keeps the number.
    let script = "echo kept > out.$$.tmp; exec \"$0\" render t --output out";
    let mut command = bench.command(["unused"]);
    let program = command.get_program().to_owned();
    let environment: Vec<_> = command
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .collect();
    command = std::process::Command::new("sh");
    command.args(["-c", script]).arg(program).current_dir(bench.path());
    let ran = Ran::of(command.env_clear().envs(environment).output().unwrap());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let mut names: Vec<_> = std::fs::read_dir(bench.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("out"))
        .collect();
    names.sort();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(std::fs::read_to_string(bench.path().join(&names[0])).unwrap(), "no references");
    assert_eq!(std::fs::read_to_string(bench.path().join(&names[1])).unwrap(), "kept\n");
}
