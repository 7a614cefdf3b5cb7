//! What the help of an error tells to do: the commands in it work as they are written.

use crate::support::{CliOutput, Sandbox};

fn with_table(name: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("secrets.toml", format!("[backends.{name}]\nexec = ['/bin/false', '{{id}}']\n"));
    sandbox
}

/// Runs a command with the folder's `secrets.toml`, which is named.
fn run(sandbox: &Sandbox, arguments: &[&str]) -> CliOutput {
    let mut command = sandbox.command(arguments);
    command.env("SECRETS_CONFIG", sandbox.path().join("secrets.toml"));
    CliOutput::new(command.output().unwrap())
}

#[track_caller]
fn says(result: &CliOutput, wanted: &str) {
    assert_ne!(result.code, Some(0), "{result:?}");
    assert!(result.stderr.contains(wanted), "{wanted}: {result:?}");
    assert!(!result.stderr.contains("SeNtInEl"), "{result:?}");
}

#[test]
fn a_missing_table_is_told_with_the_place_where_files_were_looked_for() {
    let sandbox = Sandbox::new();
    let source = r#"{"id":"db","type":"it"}"#;
    let folder = sandbox.path().canonicalize().unwrap();
    let wanted = format!(
        "; or write [backends.it] in a secrets.toml; none was found from {} upwards",
        folder.display()
    );
    says(&sandbox.run(["run", source, "--", "true"]), &wanted);
    let sandbox = with_table("other");
    let result = run(&sandbox, &["run", source, "--", "true"]);
    says(&result, "; or write [backends.it] in /");
    // Something else was meant.
    let near = sandbox.run(["get", "db", "--backend", "lokal"]);
    says(&near, "did you mean `local`?");
    assert!(!near.stderr.contains("[backends."), "{near:?}");
}

#[test]
fn a_command_in_a_help_has_the_backend_and_the_profile_that_were_typed() {
    let sandbox = Sandbox::new();
    sandbox.write("secrets.toml", "[profile.a]\ntimeout = 9\n");
    sandbox.ok(["register", "my db", "--a=SeNtInEl"]);
    let again = ["register", "my db", "--a=SeNtInEl"];
    says(&sandbox.run(again), "`secrets update 'my db'`,");
    let again = [&again[..], &["--backend", "local", "--profile", "a"]].concat();
    says(&sandbox.run(again), "`secrets update 'my db' --profile a --backend local`,");
    let none = sandbox.run(["--backend=local", "get", "none"]);
    says(&none, "`secrets list --backend local`");
    says(&sandbox.run(["get", "none"]), "`secrets list`");
    let json = sandbox.run(["get", "none", "--backend", "local", "--format", "json"]);
    says(&json, "`secrets list --backend local`");
}

#[test]
fn a_name_with_the_type_of_its_backend_is_told_as_name_and_backend() {
    let sandbox = with_table("pass");
    for (arguments, wanted) in [
        (&["get", "pass.prod/db"][..], "`secrets get prod/db --backend pass`"),
        (&["get", "vault.secret/db", "user"], "`secrets get secret/db --backend vault`"),
        (&["get", "local.db", "--backend", "local"], "`secrets get db --backend local`"),
        (&["update", "env.A", "--a=SeNtInEl"], "`secrets update A --backend env`"),
        (&["delete", "ssm.a", "--yes"], "`secrets delete a --backend ssm`"),
        (&["rename", "pass.a b", "c"], "`secrets rename 'a b' NEW --backend pass`"),
        (&["export", "zenml.a"], "`secrets export a --backend zenml`"),
        (&["get", "psas.prod/db"], "did you mean `secrets get prod/db --backend pass`?"),
    ] {
        let result = run(&sandbox, arguments);
        says(&result, wanted);
        assert!(!result.stderr.contains("did you mean `pass.prod/db`"), "{result:?}");
    }
    // What is no type is a name.
    says(&run(&sandbox, &["get", "orders.db"]), "`secrets list`");
}

#[test]
fn a_reference_that_begins_with_a_type_is_told_with_its_source() {
    let sandbox = with_table("it");
    for (reference, wanted) in [
        ("A=it.db", "`secrets run it.db --env A=db.KEY`"),
        ("A=it.db.user", "`secrets run it.db --env A=db.user`"),
        ("U=vault.secret/db.user", "`secrets run vault.secret/db --env U=secret/db.user`"),
        (
            "U=it.a.b.user",
            r#"`secrets run '{"id": "a.b", "type": "it", "group": "a"}' --env U=a.user`"#,
        ),
    ] {
        says(&run(&sandbox, &["run", "--env", reference, "--", "true"]), wanted);
    }
    sandbox.write("app.txt", "{{vault.secret/prod-db.user}}");
    for arguments in [&["render", "app.txt"][..], &["check", "--config", "app.txt"]] {
        let wanted = "write [sources.prod-db] with type = \"vault\" and id = \"secret/prod-db\" in secrets.toml, and {{prod-db.user}} here";
        says(&run(&sandbox, arguments), wanted);
    }
}

#[test]
fn a_program_without_hyphens_before_it_is_told_where_they_belong() {
    let sandbox = Sandbox::new();
    for (arguments, wanted) in [
        (&["run", "db", "sh", "-c", "echo"][..], "secrets run db -- sh -c .."),
        (&["run", "sh", "-cx"], "secrets run -- sh -cx .."),
        (&["run", "db", "my tool", "--x=1"], "secrets run db -- 'my tool' --x=1 .."),
    ] {
        let result = sandbox.run(arguments);
        says(&result, &format!("put `--` before the program: {wanted}"));
        assert!(!result.stderr.contains("to pass '"), "{result:?}");
    }
    // A misspelled option is another mistake.
    let result = sandbox.run(["run", "db", "--alow-override"]);
    says(&result, "--allow-override");
    assert!(!result.stderr.contains("put `--`"), "{result:?}");
}

#[test]
fn a_letter_that_is_no_option_is_named_without_what_follows_it() {
    let sandbox = Sandbox::new();
    for word in ["-p", "-pSeNtInEl"] {
        says(&sandbox.run(["register", word, "SeNtInEl"]), "there is no option `-p`");
    }
    // A name may start with a hyphen.
    sandbox.ok(["register", "-p", "--a=SeNtInEl"]);
    says(&sandbox.run(["export"]), "--all");
}

#[test]
fn lists_of_sources_are_told_in_their_form() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "prod-db", "--a=SeNtInEl"]);
    for (arguments, wanted) in [
        (&["resolve", "--sources", "prod-db"][..], r#"write --sources '["prod-db"]'"#),
        (&["resolve", "--sources", "a, b"], r#"write --sources '["a", "b"]'"#),
        (&["resolve", "--requests", "db"], r#"write --requests '[{"group": "#),
        (&["run", r#"["prod-db"]"#, "--", "true"], "write --sources before the list"),
        (&["run", "prod-db,prod-db2", "--", "true"], "separate them by spaces: prod-db prod-db2"),
    ] {
        says(&sandbox.run(arguments), wanted);
    }
    // What the help says works.
    assert_eq!(sandbox.ok(["resolve", "--sources", r#"["prod-db"]"#]), "a=***\n");
}
