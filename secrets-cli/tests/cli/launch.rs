//! `run` and `resolve`: secrets on their way into an environment.

use std::process::Stdio;

use crate::bench::{Bench, Ran};

fn with_db() -> Bench {
    let bench = Bench::new();
    bench.ok(["register", "db", "--DB_USER=app", "--DB_PASSWORD=SeNtInEl"]);
    bench
}

#[test]
fn the_program_has_the_secrets_and_everything_else() {
    let bench = with_db();
    let mut command =
        bench.command(["run", "db", "--", "sh", "-c", "echo $DB_USER/$DB_PASSWORD/$OTHER"]);
    let ran = Ran::of(command.env("OTHER", "kept").output().unwrap());
    assert_eq!(ran.text(), "app/SeNtInEl/kept\n");
}

#[test]
fn pristine_leaves_what_every_program_needs() {
    let bench = with_db();
    let mut command = bench.command(["run", "db", "--pristine", "--", "env"]);
    command.env("OTHER", "gone").env("LC_ALL", "C").env("DB_USER", "in the way");
    let ran = Ran::of(command.output().unwrap());
    let mut names: Vec<_> =
        ran.text().lines().map(|line| line.split('=').next().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["DB_PASSWORD", "DB_USER", "HOME", "LC_ALL", "PATH"]);
}

#[test]
fn what_the_environment_has_is_not_replaced_in_silence() {
    let bench = with_db();
    for arguments in [&["run", "db"][..], &["resolve", "db"]] {
        let tail: &[&str] = if arguments[0] == "run" { &["--", "true"] } else { &[] };
        let run = |more: &[&str]| {
            let mut command = bench.command(arguments.iter().chain(more).chain(tail));
            Ran::of(command.env("DB_USER", "app").output().unwrap())
        };
        let ran = run(&[]);
        ran.fails(5);
        assert!(ran.stderr.contains("help: unset it, or use --allow-override"), "{ran:?}");
        assert_eq!(run(&["--format", "json"]).json_kind(), "Collision");
        assert_eq!(run(&["--allow-override"]).code, Some(0));
    }
}

#[test]
fn the_exit_code_is_the_programs() {
    let bench = with_db();
    assert_eq!(bench.run(["run", "db", "--", "sh", "-c", "exit 42"]).code, Some(42));
    bench.run(["run", "db", "--", "no-such-program"]).fails(127);
    bench.run(["run", "db", "--", "./none"]).fails(127);
    bench.write("text", "echo hello");
    bench.run(["run", "db", "--", "./text"]).fails(126);
    bench.run(["run", "db", "--", "/"]).fails(126);
    bench.run(["run", "none", "--", "true"]).fails(3);
}

#[cfg(unix)]
#[test]
fn the_program_takes_the_place_of_the_command() {
    use std::os::unix::process::ExitStatusExt;

    let bench = with_db();
    let child = bench
        .command(["run", "db", "--", "sh", "-c", "echo $$"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id();
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.text().trim(), id.to_string());

    let status = bench.command(["run", "db", "--", "sh", "-c", "kill -9 $$"]).status().unwrap();
    assert_eq!(status.signal(), Some(9));
    // A pipe that closes ends the program as it ends any other: the signal is not ignored in it.
    let status = bench.command(["run", "db", "--", "sh", "-c", "kill -PIPE $$"]).status().unwrap();
    assert_eq!(status.signal(), Some(13));
}

#[test]
fn standard_input_is_the_programs() {
    let bench = with_db();
    let ran = bench.run_with_stdin(["run", "db", "--", "cat"], b"through");
    assert_eq!(ran.text(), "through");
}

#[test]
fn resolve_shows_variables_groups_and_keys() {
    let bench = with_db();
    let json = bench.ok(["resolve", "--sources", r#"["db"]"#, "--format", "json", "--reveal"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let expected = serde_json::json!({
        "env": {"DB_USER": "app", "DB_PASSWORD": "SeNtInEl"},
        "secrets": {"db": {"DB_USER": "app", "DB_PASSWORD": "SeNtInEl"}},
    });
    assert_eq!(json, expected);
    let masked = bench.ok(["resolve", "db", "--format", "json"]);
    assert!(!masked.contains("SeNtInEl") && masked.contains("\"***\""));
    assert_eq!(bench.ok(["resolve", "db"]), "DB_PASSWORD=***\nDB_USER=***\n");
    let shell = bench.ok(["resolve", "db", "--format", "shell", "--reveal"]);
    assert_eq!(shell, "export DB_PASSWORD='SeNtInEl'\nexport DB_USER='app'\n");
}

#[test]
fn requests_are_resolved_and_a_file_gives_its_value() {
    let bench = with_db();
    let requests = r#"[
        {"group": "db", "key": "DB_PASSWORD", "mount_requirement": "FILE"},
        {"group": "db", "key": "DB_USER", "env_var": "THE_USER"}]"#;
    let json = bench.ok(["resolve", "--requests", requests, "--format", "json", "--reveal"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["env"], serde_json::json!({"THE_USER": "app"}));
    assert_eq!(json["secrets"]["db"]["DB_PASSWORD"], "SeNtInEl");
}

#[test]
fn without_sources_secrets_with_is_taken() {
    let bench = with_db();
    let with = r#"secrets:sources=["db"]"#;
    let resolve = Ran::of(bench.command(["resolve"]).env("SECRETS_WITH", with).output().unwrap());
    assert_eq!(resolve.text(), "DB_PASSWORD=***\nDB_USER=***\n");
    let mut command = bench.command(["run", "--", "sh", "-c", "echo $DB_USER"]);
    let ran = Ran::of(command.env("SECRETS_WITH", with).output().unwrap());
    assert_eq!(ran.text(), "app\n");
}

#[test]
fn inline_values_of_the_command_line_are_no_part_of_a_program() {
    let bench = Bench::new();
    let source = r#"{"type": "inline", "id": "1", "options": {"env_vars": {"A": "SeNtInEl"}}}"#;
    let ran = bench.run(["resolve", source, "--reveal"]);
    assert_eq!((ran.text().as_str(), ran.stderr.as_str()), ("A=SeNtInEl\n", ""));
}

#[test]
fn the_settings_of_the_folder_hold() {
    let bench = with_db();
    bench.write(
        "secrets.toml",
        "[sources.prod-db]\nid = \"db\"\n\n[profile.ci]\ndefault_backend = \"env\"\n",
    );
    assert_eq!(bench.ok(["resolve", "prod-db"]), "DB_PASSWORD=***\nDB_USER=***\n");
    // Whole secrets are called what their backend calls them.
    bench.run(["get", "prod-db"]).fails(3);
    let doctor = bench.ok(["doctor"]);
    assert!(doctor.contains("prod-db -> db"), "{doctor}");
    let mut command = bench.command(["resolve", "prod-db"]);
    let missing = Ran::of(command.env("SECRETS_PROFILE", "ci").output().unwrap());
    assert_eq!(missing.code, Some(3), "{missing:?}");
    assert!(missing.stderr.contains("`[sources.prod-db]` in "), "{missing:?}");
    assert!(missing.stderr.contains("secrets.toml says where it is"), "{missing:?}");
    let mut command = bench.command(["resolve", "TOKEN", "--reveal"]);
    let ran =
        Ran::of(command.env("SECRETS_PROFILE", "ci").env("TOKEN", "SeNtInEl").output().unwrap());
    assert_eq!(ran.text(), "TOKEN=SeNtInEl\n", "{ran:?}");
}
