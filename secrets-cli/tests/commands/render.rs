//! `render`.

use crate::support::{CliOutput, Sandbox};

#[test]
fn a_template_is_filled_in_completely_or_not_at_all() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--user=app", "--password=SeNtInEl/2"]);
    sandbox.write("t", "url = \"postgres://{{db.user}}:{{ db.password | url }}@host\" \\{{x}}\n");
    let expected = "url = \"postgres://app:SeNtInEl%2F2@host\" {{x}}\n";
    assert_eq!(sandbox.ok(["render", "t"]), expected);
    sandbox.ok(["render", "t", "--output", "filled"]);
    assert_eq!(std::fs::read_to_string(sandbox.path().join("filled")).unwrap(), expected);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(sandbox.path().join("filled")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let piped = sandbox.run_with_stdin(["render", "-"], b"{{db.user}} SeNtInEl");
    assert_eq!(piped.text(), "app SeNtInEl");
    assert_eq!(sandbox.run_with_stdin(["render", "-"], b"no references").text(), "no references");

    sandbox.write("bad", "SeNtInEl {{db}}\n{{db.user\n");
    sandbox.run(["render", "bad", "--output", "other"]).assert_fails(5);
    sandbox.write("missing", "SeNtInEl {{db.none}} {{db.user}}");
    sandbox.run(["render", "missing", "-o", "other"]).assert_fails(3);
    sandbox.write("nowhere", "{{none.a}} {{neither.b}}");
    let nowhere = sandbox.run(["render", "nowhere", "--format=json"]);
    nowhere.assert_fails(3);
    assert_eq!(nowhere.stderr.matches("\"source\":").count(), 2);
    sandbox.run(["render", "no-such-file"]).assert_fails(5);
    assert!(!sandbox.path().join("other").exists());
    sandbox.run(["render", "t", "--output", "none/there"]).assert_fails(5);
}

/// Recorded texts that ZenML does not replace, or takes as a reference with an odd name. Here they are errors
/// (change Z1).
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

/// Recorded texts that are references next to other text here (change Z1), and their results.
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
    let sandbox = Sandbox::new();
    for (name, key) in [("name", "key"), ("a", "b"), ("c", "d")] {
        sandbox.ok(["register", name, &format!("--{key}={name}/{key}")]);
    }
    let mut run = 0;
    for case in vectors["zenml_refs"].as_array().unwrap() {
        let Some(template) = case["value"].as_str() else { continue };
        run += 1;
        let modern = &case["modern"];
        if let (Some(name), Some(key)) = (modern["name"].as_str(), modern["key"].as_str()) {
            let fields = serde_json::json!({ key: format!("{name}/{key}") }).to_string();
            // A secret that exists already gets the field too.
            for command in ["register", "update"] {
                sandbox.run_with_stdin([command, name, "--from-json=-"], fields.as_bytes());
            }
        }
        let result = sandbox.run_with_stdin(["render", "-"], template.as_bytes());
        if ERRORS.contains(&template) {
            result.assert_fails(5);
            continue;
        }
        let within = WITHIN.iter().find(|(text, _)| *text == template).map(|(_, filled)| *filled);
        let expected = match (within, modern["name"].as_str(), modern["key"].as_str()) {
            (Some(filled), ..) => filled.to_owned(),
            (None, Some(name), Some(key)) => format!("{name}/{key}"),
            _ => template.to_owned(),
        };
        assert_eq!((result.code, result.text()), (Some(0), expected), "{template:?} {result:?}");
    }
    assert_eq!(run, 43, "a case was added or removed");
}

#[cfg(unix)]
#[test]
fn an_output_that_is_not_a_regular_file_is_left_alone() {
    use std::os::unix::fs::{FileTypeExt, symlink};

    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--password=SeNtInEl"]);
    sandbox.write("t", "{{db.password}}");
    sandbox.write("target", "before");
    let made = std::process::Command::new("mkfifo").arg(sandbox.path().join("pipe")).status();
    assert!(made.unwrap().success());
    symlink("nowhere", sandbox.path().join("dangling")).unwrap();
    symlink("target", sandbox.path().join("link")).unwrap();
    std::fs::create_dir(sandbox.path().join("folder")).unwrap();
    for output in ["pipe", "dangling", "link", "folder"] {
        let result = sandbox.run(["render", "t", "--output", output]);
        result.assert_fails(5);
        assert!(result.stderr.contains("omit `--output` for standard output"), "{result:?}");
    }
    let kind = |name: &str| sandbox.path().join(name).symlink_metadata().unwrap().file_type();
    assert!(kind("pipe").is_fifo() && kind("dangling").is_symlink() && kind("link").is_symlink());
    assert!(!sandbox.path().join("nowhere").exists());
    assert_eq!(std::fs::read_to_string(sandbox.path().join("target")).unwrap(), "before");
    // A regular file is replaced.
    sandbox.ok(["render", "t", "--output", "target"]);
    assert!(std::fs::read(sandbox.path().join("target")).unwrap() == b"SeNtInEl");
}

#[cfg(unix)]
#[test]
fn the_temporary_file_cannot_be_predicted() {
    let sandbox = Sandbox::new();
    sandbox.write("t", "no references");
    // A name made of the process id could be predicted, since `exec` keeps the id.
    let script = "echo kept > out.$$.tmp; exec \"$0\" render t --output out";
    let mut command = sandbox.command(["unused"]);
    let program = command.get_program().to_owned();
    let environment: Vec<_> = command
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .collect();
    command = std::process::Command::new("sh");
    command.args(["-c", script]).arg(program).current_dir(sandbox.path());
    let result = CliOutput::new(command.env_clear().envs(environment).output().unwrap());
    assert_eq!(result.code, Some(0), "{result:?}");
    let mut names: Vec<_> = std::fs::read_dir(sandbox.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("out"))
        .collect();
    names.sort();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(std::fs::read_to_string(sandbox.path().join(&names[0])).unwrap(), "no references");
    assert_eq!(std::fs::read_to_string(sandbox.path().join(&names[1])).unwrap(), "kept\n");
}
