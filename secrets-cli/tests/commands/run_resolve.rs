//! `run` and `resolve`.

use std::process::Stdio;

use crate::support::{CliOutput, Sandbox};

fn with_db() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--DB_USER=app", "--DB_PASSWORD=SeNtInEl"]);
    sandbox
}

#[test]
fn the_program_has_the_secrets_and_everything_else() {
    let sandbox = with_db();
    let mut command =
        sandbox.command(["run", "db", "--", "sh", "-c", "echo $DB_USER/$DB_PASSWORD/$OTHER"]);
    let result = CliOutput::new(command.env("OTHER", "kept").output().unwrap());
    assert_eq!(result.text(), "app/SeNtInEl/kept\n");
}

#[test]
fn pristine_keeps_what_every_program_needs() {
    let sandbox = with_db();
    let mut command = sandbox.command(["run", "db", "--pristine", "--", "env"]);
    command.env("OTHER", "gone").env("LC_ALL", "C").env("DB_USER", "in the way");
    let result = CliOutput::new(command.output().unwrap());
    let mut names: Vec<_> =
        result.text().lines().map(|line| line.split('=').next().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["DB_PASSWORD", "DB_USER", "HOME", "LC_ALL", "PATH"]);
}

#[test]
fn a_variable_of_the_environment_is_not_replaced_silently() {
    let sandbox = with_db();
    for arguments in [&["run", "db"][..], &["resolve", "db"]] {
        let tail: &[&str] = if arguments[0] == "run" { &["--", "true"] } else { &[] };
        let run = |more: &[&str]| {
            let mut command = sandbox.command(arguments.iter().chain(more).chain(tail));
            CliOutput::new(command.env("DB_USER", "app").output().unwrap())
        };
        run(&[]).assert_fails(5);
        assert_eq!(run(&["--format", "json"]).json_kind(), "Collision");
        assert_eq!(run(&["--allow-override"]).code, Some(0));
    }
}

#[test]
fn the_exit_code_is_the_programs() {
    let sandbox = with_db();
    assert_eq!(sandbox.run(["run", "db", "--", "sh", "-c", "exit 42"]).code, Some(42));
    sandbox.run(["run", "db", "--", "no-such-program"]).assert_fails(127);
    sandbox.run(["run", "db", "--", "./none"]).assert_fails(127);
    sandbox.write("text", "echo hello");
    sandbox.run(["run", "db", "--", "./text"]).assert_fails(126);
    sandbox.run(["run", "db", "--", "/"]).assert_fails(126);
    sandbox.run(["run", "none", "--", "true"]).assert_fails(3);
}

#[cfg(unix)]
#[test]
fn the_program_replaces_the_command() {
    use std::os::unix::process::ExitStatusExt;

    let sandbox = with_db();
    let child = sandbox
        .command(["run", "db", "--", "sh", "-c", "echo $$"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id();
    let result = CliOutput::new(child.wait_with_output().unwrap());
    assert_eq!(result.text().trim(), id.to_string());

    let status = sandbox.command(["run", "db", "--", "sh", "-c", "kill -9 $$"]).status().unwrap();
    assert_eq!(status.signal(), Some(9));
    // SIGPIPE has its default effect in the program: the command does not leave it ignored.
    let status =
        sandbox.command(["run", "db", "--", "sh", "-c", "kill -PIPE $$"]).status().unwrap();
    assert_eq!(status.signal(), Some(13));
}

#[test]
fn standard_input_is_the_programs() {
    let sandbox = with_db();
    let result = sandbox.run_with_stdin(["run", "db", "--", "cat"], b"through");
    assert_eq!(result.text(), "through");
}

#[test]
fn resolve_shows_variables_groups_and_keys() {
    let sandbox = with_db();
    let json = sandbox.ok(["resolve", "--sources", r#"["db"]"#, "--format", "json", "--reveal"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let expected = serde_json::json!({
        "env": {"DB_USER": "app", "DB_PASSWORD": "SeNtInEl"},
        "secrets": {"db": {"DB_USER": "app", "DB_PASSWORD": "SeNtInEl"}},
    });
    assert_eq!(json, expected);
    let masked = sandbox.ok(["resolve", "db", "--format", "json"]);
    assert!(!masked.contains("SeNtInEl") && masked.contains("\"***\""));
    assert_eq!(sandbox.ok(["resolve", "db"]), "DB_PASSWORD=***\nDB_USER=***\n");
    let shell = sandbox.ok(["resolve", "db", "--format", "shell", "--reveal"]);
    assert_eq!(shell, "export DB_PASSWORD='SeNtInEl'\nexport DB_USER='app'\n");
}

#[test]
fn requests_are_resolved_and_one_for_a_file_shows_its_value() {
    let sandbox = with_db();
    let requests = r#"[
        {"group": "db", "key": "DB_PASSWORD", "mount_requirement": "FILE"},
        {"group": "db", "key": "DB_USER", "env_var": "THE_USER"}]"#;
    let json = sandbox.ok(["resolve", "--requests", requests, "--format", "json", "--reveal"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["env"], serde_json::json!({"THE_USER": "app"}));
    assert_eq!(json["secrets"]["db"]["DB_PASSWORD"], "SeNtInEl");
    // A request without a variable sets none, and that is told.
    let requests = r#"[{"group": "db", "key": "DB_USER"}]"#;
    for format in [&[][..], &["--format=shell"], &["--format=dotenv", "--reveal"]] {
        let result = sandbox.run([&["resolve", "--requests", requests], format].concat());
        assert_eq!((result.code, result.text()), (Some(0), String::new()));
        assert!(result.stderr.starts_with("note: nothing becomes a variable"), "{result:?}");
    }
    sandbox.ok(["resolve", "--requests", requests, "--format=json"]);
}

#[test]
fn without_sources_those_of_secrets_with_are_resolved() {
    let sandbox = with_db();
    let with = r#"secrets:sources=["db"]"#;
    let resolve =
        CliOutput::new(sandbox.command(["resolve"]).env("SECRETS_WITH", with).output().unwrap());
    assert_eq!(resolve.text(), "DB_PASSWORD=***\nDB_USER=***\n");
    let mut command = sandbox.command(["run", "--", "sh", "-c", "echo $DB_USER"]);
    let result = CliOutput::new(command.env("SECRETS_WITH", with).output().unwrap());
    assert_eq!(result.text(), "app\n");
}

#[test]
fn inline_values_of_the_command_line_cause_no_warning() {
    let sandbox = Sandbox::new();
    let source = r#"{"type": "inline", "id": "1", "options": {"env_vars": {"A": "SeNtInEl"}}}"#;
    let result = sandbox.run(["resolve", source, "--reveal"]);
    assert_eq!((result.text().as_str(), result.stderr.as_str()), ("A=SeNtInEl\n", ""));
}

#[test]
fn the_secrets_toml_of_the_folder_applies() {
    let sandbox = with_db();
    sandbox.write(
        "secrets.toml",
        "[sources.prod-db]\nid = \"db\"\n\n[profile.ci]\ndefault_backend = \"env\"\n",
    );
    assert_eq!(sandbox.ok(["resolve", "prod-db"]), "DB_PASSWORD=***\nDB_USER=***\n");
    // `get` takes the name in the backend, not the mapped name.
    sandbox.run(["get", "prod-db"]).assert_fails(3);
    let doctor = sandbox.ok(["doctor"]);
    assert!(doctor.contains("prod-db -> db"), "{doctor}");
    let mut command = sandbox.command(["resolve", "prod-db"]);
    let missing = CliOutput::new(command.env("SECRETS_PROFILE", "ci").output().unwrap());
    assert_eq!(missing.code, Some(3), "{missing:?}");
    assert!(missing.stderr.contains("`[sources.prod-db]` in "), "{missing:?}");
    assert!(missing.stderr.contains("secrets.toml says where it is"), "{missing:?}");
    let mut command = sandbox.command(["resolve", "TOKEN", "--reveal"]);
    let result = CliOutput::new(
        command.env("SECRETS_PROFILE", "ci").env("TOKEN", "SeNtInEl").output().unwrap(),
    );
    assert_eq!(result.text(), "TOKEN=SeNtInEl\n", "{result:?}");
}

#[test]
fn a_variable_or_a_mounted_file_may_be_dotenv() {
    let sandbox = Sandbox::new();
    sandbox.write("app.env", "A='SeNtInEl 1'\nB=2 # note\n");
    sandbox.write("secrets.toml", "[sources]\napp = { type = \"file\", id = \"app.env\", options = { format = \"dotenv\" } }\n");
    let resolve = |arguments: &[&str], value: &str| {
        let mut command = sandbox.command(["resolve", "--reveal", "--format", "json"]);
        command.args(arguments).env("SECRETS_FILE_DIR", sandbox.path()).env("APP_ENV", value);
        CliOutput::new(command.output().unwrap())
    };
    let variable = r#"[{"type": "env", "id": "APP_ENV", "options": {"format": "dotenv"}}]"#;
    for arguments in [&["app"][..], &["--sources", variable]] {
        let result = resolve(arguments, "A='SeNtInEl 1'\nB=2 # note");
        let json: serde_json::Value = serde_json::from_str(&result.text()).unwrap();
        assert_eq!(json["env"], serde_json::json!({ "A": "SeNtInEl 1", "B": "2" }), "{result:?}");
    }
    let result = resolve(&["--sources", variable], "A=1\nE F=SeNtInEl");
    result.assert_fails(5);
    assert!(result.stderr.contains("line 2: "), "{result:?}");
    let wrong = r#"[{"type": "env", "id": "APP_ENV", "options": {"format": "dotnev"}}]"#;
    let result = resolve(&["--sources", wrong], "A=1");
    result.assert_fails(5);
    assert!(result.stderr.contains("did you mean `dotenv`?"), "{result:?}");
}

#[cfg(unix)]
#[test]
fn prefects_configuration_that_others_may_write_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;

    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path().join(".prefect")).unwrap();
    sandbox.write(".prefect/config.toml", "[context.secrets]\nTOKEN = 'SeNtInEl'\n");
    for (mode, warns) in [(0o600, false), (0o644, false), (0o666, true)] {
        let file = sandbox.path().join(".prefect/config.toml");
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
        let result = sandbox.run(["run", "prefect.TOKEN", "--", "sh", "-c", "test -n \"$TOKEN\""]);
        assert_eq!(result.code, Some(0), "{mode:o}: {result:?}");
        let warned = result.stderr.matches("everybody may write to").count();
        assert_eq!(warned, usize::from(warns), "{mode:o}: {result:?}");
        assert!(!result.stderr.contains("SeNtInEl"));
    }
}
