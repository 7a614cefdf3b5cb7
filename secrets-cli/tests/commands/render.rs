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

/// Returns a sandbox with secrets whose values break formats.
fn odd_sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--user=app", "--password=SeNtInEl\"\\: #x\ny", "--port=5432"]);
    sandbox.ok(["register", "my-token", "--plain=SeNtInEl"]);
    sandbox
}

#[test]
fn a_hyphen_is_standard_output() {
    let sandbox = odd_sandbox();
    sandbox.write("t", "{{db.user}}");
    for output in [&["-o", "-"][..], &["--output", "-"], &["--output=-"]] {
        let arguments = ["render", "t"].iter().chain(output);
        assert_eq!(sandbox.ok(arguments), "app");
        let arguments = ["render", "-"].iter().chain(output);
        assert_eq!(sandbox.run_with_stdin(arguments, b"{{db.port}}").text(), "5432");
        assert!(!sandbox.path().join("-").exists());
    }
    sandbox.ok(["render", "t", "-o", "./-"]);
    assert_eq!(std::fs::read_to_string(sandbox.path().join("-")).unwrap(), "app");
}

#[cfg(unix)]
#[test]
fn a_file_keeps_its_owner_group_and_mode() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

    let sandbox = odd_sandbox();
    sandbox.write("t", "{{db.user}}");
    let file = sandbox.path().join("out");
    let state = || {
        let metadata = std::fs::metadata(&file).unwrap();
        (metadata.mode() & 0o7777, metadata.uid(), metadata.gid())
    };
    sandbox.ok(["render", "t", "-o", "out"]);
    assert_eq!(state().0, 0o600);
    for mode in ["0640", "640"] {
        std::fs::remove_file(&file).unwrap();
        sandbox.ok(["render", "t", "-o", "out", "--mode", mode]);
        assert_eq!(state().0, 0o640);
    }
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o604)).unwrap();
    // Only root may give a file to somebody else.
    let is_root = chown(&file, Some(12_345), Some(54_321)).is_ok();
    let before = state();
    let result = sandbox.run(["render", "t", "-o", "out"]);
    assert_eq!((state(), &*result.stderr), (before, "wrote out\n"));
    sandbox.ok(["render", "t", "-o", "out", "--mode", "444"]);
    assert_eq!(state(), (0o444, before.1, before.2));
    if is_root {
        assert_eq!((before.1, before.2), (12_345, 54_321));
    }
    for mode in ["999", "0o640", "1777", "u=rw", "", "00640"] {
        let result = sandbox.run(["render", "t", "-o", "out", "--mode", mode]);
        result.assert_fails(2);
        assert!(result.stderr.contains(&format!("'{mode}'")) || mode.is_empty(), "{result:?}");
    }
    sandbox.run(["render", "t", "--mode", "640"]).assert_fails(2);
    sandbox.run(["render", "t", "-o", "-", "--mode", "640"]).assert_fails(2);
}

#[cfg(unix)]
#[test]
fn a_file_that_somebody_may_have_planted_is_not_handed_to_its_owner() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

    let sandbox = odd_sandbox();
    sandbox.write("t", "{{db.user}}");
    let folder = sandbox.path().join("shared");
    let file = folder.join("out");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o1777)).unwrap();
    for arguments in [&["render", "t"][..], &["export", "--all"]] {
        std::fs::write(&file, "").unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o666)).unwrap();
        let own = std::fs::metadata(&file).unwrap();
        // Only root can make a file that belongs to somebody else.
        if chown(&file, Some(12_345), Some(own.gid())).is_err() {
            return;
        }
        let result = sandbox.run([arguments, &["-o", "shared/out"]].concat());
        let metadata = std::fs::metadata(&file).unwrap();
        let state = (metadata.mode() & 0o7777, metadata.uid(), metadata.gid());
        assert_eq!(state, (0o600, own.uid(), own.gid()), "{result:?}");
        assert!(result.stderr.contains("belonged to user 12345"), "{result:?}");
    }
}

#[test]
fn what_a_killed_render_leaves_is_removed_by_the_next() {
    let sandbox = odd_sandbox();
    sandbox.write("t", "{{db.user}}");
    for name in [
        "out.0123456789abcdef.tmp",
        "out.0123456789abcdeg.tmp",
        "out.tmp",
        "other.0123456789abcdef.tmp",
    ] {
        sandbox.write(name, "left behind");
    }
    // A file that is being written is locked.
    let locked = std::fs::File::create(sandbox.path().join("out.fedcba9876543210.tmp")).unwrap();
    locked.lock().unwrap();
    sandbox.ok(["render", "t", "-o", "out"]);
    let exists = |name: &str| sandbox.path().join(name).exists();
    assert!(!exists("out.0123456789abcdef.tmp"));
    assert!(exists("out.0123456789abcdeg.tmp") && exists("out.tmp"));
    assert!(exists("other.0123456789abcdef.tmp") && exists("out.fedcba9876543210.tmp"));
    drop(locked);
    sandbox.ok(["render", "t", "-o", "./out"]);
    assert!(!exists("out.fedcba9876543210.tmp"));
}

#[test]
fn other_delimiters_leave_the_braces_of_other_tools() {
    let sandbox = odd_sandbox();
    for (delimiters, template) in [
        ("<% %>", "<% db.user | base64 %> {{ .Values.x }} ${{ secrets.X }} {{#each x}}"),
        ("[[ ]]", "[[ db.user | base64 ]] {{ .Values.x }} ${{ secrets.X }} {{#each x}}"),
        ("${ }", "${ db.user | base64 } {{ .Values.x }} ${{ secrets.X }} {{#each x}}"),
    ] {
        sandbox.write("t", template);
        let expected = "YXBw {{ .Values.x }} ${{ secrets.X }} {{#each x}}";
        assert_eq!(sandbox.ok(["render", "t", "--delimiters", delimiters]), expected);
    }
    let result = sandbox.run(["render", "t", "--delimiters", "<%"]);
    result.assert_fails(2);
    assert!(result.stderr.contains("'<%'"), "{result:?}");
    for template in [
        "${{ secrets.TOKEN }}",
        "${{ env.REGION }}",
        "{{ item.name }}",
        "{{ .Values.x }}",
        "{{#each x}}",
    ] {
        let result = sandbox.run_with_stdin(["render", "-"], template.as_bytes());
        assert!(result.code == Some(3) || result.code == Some(5), "{result:?}");
        assert!(
            result.stderr.contains("\\{{") && result.stderr.contains("--delimiters"),
            "{result:?}"
        );
    }
}

#[test]
fn the_help_says_how_to_name_a_secret() {
    let sandbox = odd_sandbox();
    sandbox.ok(["register", "n.m", "--a=SeNtInEl"]);
    for (template, help) in [
        ("{{n.m.a}}", "under [sources] in secrets.toml, and {{n-m.a}} here"),
        ("{{my-token}}", "{{my-token.my_token}}"),
    ] {
        let result = sandbox.run_with_stdin(["render", "-"], template.as_bytes());
        assert!(result.stderr.contains(help), "{result:?}");
    }
    // What the help says works.
    sandbox.write(
        "secrets.toml",
        "[sources]\nn-m = { id = \"n.m\" }\nHOME = { type = \"env\", id = \"HOME\" }\n",
    );
    let filled =
        sandbox.run_with_stdin(["render", "-"], b"{{n-m.a}} {{my-token.my_token}} {{HOME.HOME}}");
    assert_eq!(filled.text(), format!("SeNtInEl SeNtInEl {}", sandbox.path().display()));
}

#[test]
fn everything_wrong_is_reported_together_with_its_line() {
    let sandbox = odd_sandbox();
    sandbox.write("t", "# SeNtInEl\n{{nodb.a}} {{nodb.b}}\n{{db.usre}}\n{{db.user}} {{other.a}}\n");
    let result = sandbox.run(["render", "t"]);
    result.assert_fails(3);
    for line in [
        "nodb (local): line 2, column 1",
        "db (local): line 3, column 1",
        "other (local): line 4, column 13",
    ] {
        assert!(result.stderr.contains(line), "{result:?}");
    }
    assert_eq!(result.stderr.matches("error:").count(), 3, "{result:?}");
    sandbox.write("t", "{{db}}\n{{db.}}\n{{db.password | bse64}}\nurl = {{db.password SeNtInEl\n");
    let result = sandbox.run(["render", "t"]);
    result.assert_fails(5);
    for quoted in [
        "\"{{db}}\"",
        "\"{{db.}}\"",
        "\"{{db.password | bse64}}\"",
        "\"{{db.password\"",
        "t: line 4, column 7",
    ] {
        assert!(result.stderr.contains(quoted), "{result:?}");
    }
}

#[test]
fn a_value_never_breaks_a_format_in_silence() {
    let sandbox = odd_sandbox();
    let password = "SeNtInEl\"\\: #x\ny";
    let json =
        "{\n  \"a\": \"{{db.password}}\", \"b\": {{db.password}},\n  \"port\": {{db.port}}\n}\n";
    let read = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap();
    let expected = serde_json::json!({ "a": password, "b": password, "port": 5432 });
    for name in ["x.json", "x.json.in", "x.txt"] {
        sandbox.write(name, json);
    }
    assert_eq!(read(sandbox.ok(["render", "x.json"])), expected);
    assert_eq!(read(sandbox.ok(["render", "x.json.in"])), expected);
    assert_eq!(read(sandbox.ok(["render", "x.txt", "--format", "json"])), expected);
    sandbox.ok(["render", "x.txt", "-o", "out.json"]);
    assert_eq!(read(std::fs::read_to_string(sandbox.path().join("out.json")).unwrap()), expected);
    assert!(sandbox.ok(["render", "x.json", "--format", "text"]).contains(password));
    sandbox.write("x.toml", "# kept\np = \"{{db.password}}\"\nport = {{db.port}}\n");
    let quoted = r#""SeNtInEl\"\\: #x\ny""#;
    assert_eq!(sandbox.ok(["render", "x.toml"]), format!("# kept\np = {quoted}\nport = 5432\n"));
    sandbox.write("x.yaml", "# kept\np: {{db.password}}\nport: {{db.port}}\n");
    assert_eq!(sandbox.ok(["render", "x.yaml"]), format!("# kept\np: {quoted}\nport: 5432\n"));
    // A text that is not what its name says is filled in as it is, with a note.
    sandbox.write("y.yaml", "p: q: {{db.user}}\n");
    let result = sandbox.run(["render", "y.yaml"]);
    assert_eq!((result.code, result.text()), (Some(0), "p: q: app\n".to_owned()));
    assert!(result.stderr.contains("note: values are written as they are"), "{result:?}");
    sandbox.run(["render", "y.yaml", "--format", "yaml"]).assert_fails(5);
}
