//! `run` with variables that the user names (`--env`, `--env-file`, `--requests`, `--only` and `--prefix`), and which
//! variables are not set.

use crate::support::{CliOutput, Sandbox};

/// Prints the variables of the program, one on a line, sorted.
const ENV: [&str; 4] = ["--pristine", "--", "sh", "-c"];

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--user=app", "--password=SeNtInEl/1 2"]);
    sandbox.ok(["register", "db2", "--user=other", "--password=SeNtInEl-2"]);
    sandbox
}

/// Returns the variables that the program has, but for those that every program has.
fn variables(sandbox: &Sandbox, options: &[&str]) -> Vec<String> {
    let script =
        ["env | grep -v -e ^PATH= -e ^HOME= -e ^PWD= -e ^SHLVL= -e ^_= -e ^OLDPWD= | sort"];
    let arguments = ["run"].iter().chain(options).chain(&ENV).chain(&script);
    sandbox.ok(arguments).lines().map(str::to_owned).collect()
}

#[test]
fn a_variable_is_a_reference_or_a_text_with_references() {
    let sandbox = sandbox();
    for (option, expected) in [
        ("PGPASSWORD=db.password", "PGPASSWORD=SeNtInEl/1 2"),
        ("PGPASSWORD= db.password | url ", "PGPASSWORD=SeNtInEl%2F1%202"),
        ("PGPASSWORD={{db.password}}", "PGPASSWORD=SeNtInEl/1 2"),
        (
            "URL=postgres://{{db.user|url}}:{{db.password|url}}@h/x",
            "URL=postgres://app:SeNtInEl%2F1%202@h/x",
        ),
        ("A={{ db.user }}=\\{{x}}", "A=app={{x}}"),
    ] {
        assert_eq!(variables(&sandbox, &["--env", option]), [expected], "only this one is set");
    }
    let several = ["--env=B=db2.user", "--env=A=db.user | json"];
    assert_eq!(variables(&sandbox, &several), ["A=\"app\"", "B=other"]);
    let beside = variables(&sandbox, &["db2", "--env", "A=db.user"]);
    assert_eq!(beside, ["A=app", "password=SeNtInEl-2", "user=other"]);
}

#[test]
fn a_reference_names_the_group_of_a_source_first() {
    let sandbox = sandbox();
    let again = r#"{"id": "db", "type": "local", "group": "again"}"#;
    let refused = sandbox.run(["run", "db", again, "--only=password", "--", "true"]);
    refused.assert_fails(5);
    for advice in ["`--env password=db.password`", "`--env NAME=again.password`"] {
        assert!(refused.stderr.contains(advice), "{refused:?}");
    }
    let chosen = ["--env=password=db.password", "--env=user=db2.user", "--env=NAME=again.password"];
    let set = variables(&sandbox, &[&["db", again][..], &chosen].concat());
    assert_eq!(set, ["NAME=SeNtInEl/1 2", "password=SeNtInEl/1 2", "user=other"]);
    // The group counts before a secret of its name, and one text may have both.
    let renamed = r#"{"id": "db2", "group": "db"}"#;
    let set = variables(&sandbox, &[renamed, "--only=user", "--env=A={{db.user}}-{{db2.user}}"]);
    assert_eq!(set, ["A=other-other", "user=other"]);
    let missing = sandbox.run(["run", again, "--env=A=again.nope", "--", "true"]);
    missing.assert_fails(3);
    assert!(missing.stderr.contains("`nope`"), "{missing:?}");
}

#[test]
fn the_help_for_a_variable_of_two_fields_can_be_pasted_into_a_shell() {
    let sandbox = sandbox();
    let odd = r#"{"id": "db2", "group": "abc;rm -rf /"}"#;
    let refused = sandbox.run(["run", odd, r#"{"id": "db", "group": "a.b"}"#, "--", "true"]);
    refused.assert_fails(5);
    assert!(!refused.stderr.contains("--env user=abc;"), "{refused:?}");
    assert!(!refused.stderr.contains("a.b.user"), "{refused:?}");
    assert!(refused.stderr.contains("`secrets run` takes "), "{refused:?}");
}

#[test]
fn the_lines_of_a_file_are_such_variables() {
    let sandbox = sandbox();
    let lines =
        "\u{feff}A=db.user\n# a comment\n\nexport B={{db.password | url}}\nC=\"x {{db2.user}}\"\n";
    sandbox.write("app.env", lines);
    let set = variables(&sandbox, &["--env-file", "app.env", "--env", "D=db.user"]);
    assert_eq!(set, ["A=app", "B=SeNtInEl%2F1%202", "C=x other", "D=app"]);

    sandbox.write("bad.env", "A=db.usr\nB={{none.x}}\nC={{neither.y | url}}\n");
    let missing =
        sandbox.run(["run", "--env-file=bad.env", "--env=D=db2.none", "--", "touch", "ran"]);
    missing.assert_fails(3);
    for found in ["`usr`", "secret `none`", "secret `neither`", "field `none`"] {
        assert!(missing.stderr.contains(found), "{found}: {missing:?}");
    }
    assert!(!sandbox.path().join("ran").exists());
    sandbox.write("wrong.env", "A={{db}}\nB=SeNtInEl\nSECRETS_C=db.user\n");
    let wrong = sandbox.run(["run", "--env-file=wrong.env", "--", "true"]);
    wrong.assert_fails(5);
    for found in ["wrong.env: A", "\"{{db}}\"", "wrong.env: B", "wrong.env: SECRETS_C"] {
        assert!(wrong.stderr.contains(found), "{found}: {wrong:?}");
    }
    sandbox.run(["run", "--env-file=no-such.env", "--", "true"]).assert_fails(5);
}

#[test]
fn what_must_not_be_set_is_refused_with_its_name() {
    let sandbox = sandbox();
    for (options, code, name) in [
        (&["--env=A=db.nope"][..], 3, "nope"),
        (&["--env=A=nope.user"], 3, "nope"),
        (&["--env=SECRETS_X=db.user"], 5, "SECRETS_X"),
        (&["--env=METAFLOW_X=db.user"], 5, "METAFLOW_X"),
        (&["--env=1A=db.user"], 5, "1A"),
        (&["--env=LD_PRELOAD=db.user"], 5, "LD_PRELOAD"),
        (&["--env=GCONV_PATH=db.user"], 5, "GCONV_PATH"),
        (&["--env=TAKEN=db.user"], 5, "TAKEN"),
        (&["--env=A=db.user", "--env=A=db2.user"], 5, "variable A is set by"),
        (&["--env=PGPASSWORD"], 2, "PGPASSWORD"),
        (&["--env=A={{db.user"], 5, "column 1: a reference is not closed: \"{{db.user\""),
        (&["--env=A="], 5, "--env A"),
        (&["--env=A=db.user | bse64"], 5, "\"{{db.user | bse64}}\""),
        (&["db", "--only="], 2, "--only"),
        // It may be a value, and is not shown.
        (&["--env=A=SeNtInEl"], 5, "--env A"),
        (&["db", "--only=passwort"], 3, "did you mean `password`?"),
        (&["--env=A=db.user", "--only=password"], 2, "--only"),
        (&["db", "--prefix=SECRETS_"], 5, "--prefix SECRETS_: a variable's name is reserved"),
        (&["db", "--prefix=1"], 5, "--prefix 1: a variable's name starts with a digit"),
        (&["--env=A=token"], 5, "NAME=token.token"),
        // A text that no secret can have as a name may be a value too.
        (&["--env=A=https://SeNtInEl.example/x"], 5, "--env A: the text is not a reference"),
        (&["--env=A={{a:b.c}}"], 5, "--env A: line 1, column 1: a secret's name"),
        (&[], 2, "--env NAME=db.password"),
    ] {
        let arguments = ["run"].iter().chain(options).chain(&["--", "touch", "ran"]);
        let mut command = sandbox.command(arguments);
        let result = CliOutput::new(command.env("TAKEN", "x").output().unwrap());
        result.assert_fails(code);
        assert!(result.stderr.contains(name), "{name}: {result:?}");
        assert!(!sandbox.path().join("ran").exists(), "{options:?}");
    }
    for option in ["--env=TAKEN=db.user", "--env=LD_X=db.user"] {
        let arguments = ["run", option, "--allow-override", "--", "true"];
        let mut command = sandbox.command(arguments);
        assert!(command.env("TAKEN", "x").status().unwrap().success());
    }
    // The environment of a pristine program does not have it.
    let mut command = sandbox.command(["run", "--env=TAKEN=db.user", "--pristine", "--", "true"]);
    assert!(command.env("TAKEN", "x").status().unwrap().success());
}

#[test]
fn fields_are_chosen_and_their_variables_have_a_prefix() {
    let sandbox = sandbox();
    assert_eq!(variables(&sandbox, &["db", "--only", "password"]), ["password=SeNtInEl/1 2"]);
    assert_eq!(
        variables(&sandbox, &["db", "--only=user,password", "--prefix", "TF_VAR_"]),
        ["TF_VAR_password=SeNtInEl/1 2", "TF_VAR_user=app"]
    );
    let mut command = sandbox.command(["run", "db", "--only=user", "--prefix=X_", "--", "env"]);
    let kept = CliOutput::new(command.env("user", "mine").output().unwrap());
    assert!(
        kept.text().contains("X_user=app\n") && kept.text().contains("\nuser=mine\n"),
        "{kept:?}"
    );
    // A prefix makes a variable of a name that is not one.
    sandbox.write("odd.json", r#"{"1a": "SeNtInEl", "b-c": "x"}"#);
    sandbox.ok(["register", "odd", "--from-json", "odd.json"]);
    let odd = variables(&sandbox, &["odd", "--prefix", "N"]);
    assert_eq!(odd, ["N1a=SeNtInEl", "Nb_c=x"]);
    assert_eq!(variables(&sandbox, &["odd", "--only=b_c"]), ["b_c=x"]);
}

#[test]
fn requests_set_their_variables_and_files_last_while_the_program_runs() {
    let sandbox = sandbox();
    let request = r#"[{"group": "db", "key": "user", "env_var": "U"}]"#;
    assert_eq!(variables(&sandbox, &["--requests", request]), ["U=app"]);
    let beside = variables(&sandbox, &["db2", "--requests", request, "--only=U,password"]);
    assert_eq!(beside, ["U=app", "password=SeNtInEl-2"]);
    let file =
        r#"[{"group": "db", "key": "password", "env_var": "F", "mount_requirement": "FILE"}]"#;
    if cfg!(target_os = "linux") {
        // Another process that makes such files does not remove that of a program that runs.
        let secrets = env!("CARGO_BIN_EXE_secrets");
        let script = r#""$0" run --requests "$1" -- true; cat "$F"; stat -c " %a" "$F""#;
        let arguments = [
            "run",
            "--requests",
            file,
            "--allow-override",
            "--",
            "sh",
            "-c",
            script,
            secrets,
            file,
        ];
        let mut command = sandbox.command(arguments);
        let result = CliOutput::new(command.output().unwrap());
        assert!(result.text().ends_with("SeNtInEl/1 2 600\n"), "{result:?}");
    }
    sandbox.run(["run", "--requests", "[", "--", "true"]).assert_fails(2);
}

#[test]
fn a_collision_names_the_option_that_solves_it() {
    let sandbox = sandbox();
    let result = sandbox.run(["run", "db", "db2", "--", "true"]);
    result.assert_fails(5);
    for option in ["--env password=db.password", "--env NAME=db2.password", "--only"] {
        assert!(result.stderr.contains(option), "{option}: {result:?}");
    }
    let chosen = ["db", "db2", "--only=password", "--env", "password=db2.password"];
    assert_eq!(variables(&sandbox, &chosen), ["password=SeNtInEl-2"]);
}

#[test]
fn variables_with_one_beginning_are_one_secret() {
    let sandbox = Sandbox::new();
    sandbox.write("secrets.toml", "[sources.prod-db]\ntype = \"env\"\nid = \"BG_DB_*\"\n");
    let resolve = |source: &str, values: &[(&str, &str)]| {
        let mut command = sandbox.command(["resolve", source, "--format=json", "--reveal"]);
        CliOutput::new(command.envs(values.iter().copied()).output().unwrap())
    };
    let set =
        [("BG_DB_USER", "app"), ("BG_DB_PASSWORD", "SeNtInEl"), ("BG_DB_", "x"), ("BG_X", "x")];
    for source in ["env.BG_DB_*", r#"{"type": "env", "id": "BG_DB_*"}"#, "prod-db"] {
        let result = resolve(source, &set);
        let json: serde_json::Value = serde_json::from_str(&result.text()).unwrap();
        let expected = serde_json::json!({"user": "app", "password": "SeNtInEl"});
        assert_eq!(json["env"], expected, "{result:?}");
        let missing = resolve(source, &[("BG_X", "x")]);
        missing.assert_fails(3);
        assert!(missing.stderr.contains("begins with BG_DB_"), "{missing:?}");
    }
    let twice = resolve("env.BG_DB_*", &[("BG_DB_USER", "SeNtInEl"), ("BG_DB_user", "SeNtInEl")]);
    twice.assert_fails(5);
    assert!(twice.stderr.contains("both BG_DB_USER and BG_DB_user"), "{twice:?}");
    for wrong in ["env.*", "env.A*B", "env.*A"] {
        resolve(wrong, &set).assert_fails(5);
    }
    let single = resolve("env.BG_DB", &set);
    single.assert_fails(3);
    let text = "the environment has BG_DB_PASSWORD, BG_DB_USER: for these as fields, write \\\"env.BG_DB_*\\\"";
    assert!(single.stderr.contains(text), "{single:?}");
    let none = resolve("env.PROD_DB", &set);
    assert!(
        none.stderr.contains("if each field has a variable of its own, such as PROD_DB_PASSWORD")
    );
    let level = ["check", "--level=SECRET_EXISTS", "env.BG_DB_*"];
    assert_eq!(sandbox.command(level).envs(set).status().unwrap().code(), Some(0));
    assert_eq!(sandbox.command(level).status().unwrap().code(), Some(3));
}

#[test]
fn masked_values_are_not_set_as_variables() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--DB_USER=app", "--DB_PASSWORD=SeNtInEl"]);
    for format in ["shell", "dotenv"] {
        let masked = sandbox.run(["resolve", "db", "--format", format]);
        assert_eq!((masked.code, masked.text().as_str()), (Some(0), ""), "{masked:?}");
        assert!(masked.stderr.contains("--reveal") && masked.stderr.contains("DB_PASSWORD"));
        let revealed = sandbox.run(["resolve", "db", "--format", format, "--reveal"]);
        assert_eq!((revealed.text().lines().count(), revealed.stderr.as_str()), (2, ""));
    }
}

#[test]
fn variables_by_which_programs_load_code_are_refused() {
    let sandbox = Sandbox::new();
    for name in [
        "LD_PRELOAD",
        "DYLD_X",
        "GLIBC_TUNABLES",
        "GCONV_PATH",
        "LOCPATH",
        "NLSPATH",
        "HOSTALIASES",
        "RESOLV_HOST_CONF",
    ] {
        sandbox.ok(["register", name, &format!("--{name}=SeNtInEl")]);
        for arguments in [
            &["run", name, "--", "true"][..],
            &["resolve", name],
            &["export", name, "--format=shell"],
        ] {
            let result = sandbox.run(arguments);
            result.assert_fails(5);
            assert!(result.stderr.contains(name), "{result:?}");
        }
        sandbox.ok(["resolve", name, "--allow-override"]);
    }
}
