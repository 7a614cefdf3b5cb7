//! `explain`.

use serde_json::{Value, json};

use crate::{
    commands::program::{record, step, this_program},
    support::{CliOutput, Sandbox},
};

const ROLE: &str = "arn:aws:iam::123456789012:role/Reader";
const OTHER: &str = "arn:aws:iam::123456789012:role/Other";

/// Runs `explain` with the log `audit.log`.
fn run(sandbox: &Sandbox, arguments: &[&str]) -> CliOutput {
    let mut command = sandbox.command([&["explain"], arguments].concat());
    CliOutput::new(command.env("SECRETS_AUDIT", "audit.log").output().unwrap())
}

/// Returns the explained steps.
#[track_caller]
fn explain(sandbox: &Sandbox, arguments: &[&str]) -> Vec<Value> {
    let result = run(sandbox, &[arguments, &["--format=json"]].concat());
    assert_eq!((result.code, &*result.stderr), (Some(0), ""), "{result:?}");
    let text = result.text();
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["version"], 1);
    json["steps"].as_array().unwrap().clone()
}

fn event(event: &str, second: u32, fields: Value) -> String {
    let mut line = json!({
        "v": 1, "time": format!("2026-11-28T21:30:{second:02}.000Z"), "event": event, "program": "program", "pid": 1,
        "call": 1,
    });
    line.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    format!("{line}\n")
}

#[test]
fn each_source_is_explained_by_the_settings() {
    let sandbox = Sandbox::new();
    let arn = "arn:aws:secretsmanager:eu-north-1:123456789012:secret:x-AbCdEf";
    let sources = format!(
        r#"["prod-db","env.HOME",{{"id":"plain","options":{{"region":"eu-west-1"}},"role":"{OTHER}"}},"{arn}",{{"id":"own","role":""}},{{"id":"mine","type":"of-program"}}]"#
    );
    let record = record(&format!(
        r#"{{"step":"load","module":"app::jobs","file":"f","line":1,"sources":{sources},"requests":[{{"group":"db","key":"user"}}],"role":"{ROLE}"}}"#
    ));
    sandbox.write("program", [record, step("save", r#"["api"]"#)].concat());
    sandbox.write(
        "secrets.toml",
        format!(
            "default_backend = \"local,aws-secrets-manager\"\naws_region = \"us-west-2\"\naws_role = \"{OTHER}\"\ncache_ttl = 60\n\
             [sources.prod-db]\ntype = \"aws-secrets-manager\"\nid = \"laptop/db\"\n\
             [profile.prod]\ndefault_role = \"{OTHER}\"\n[profile.prod.sources.prod-db]\ntype = \"aws-secrets-manager\"\nid = \"prod/db\"\n"
        ),
    );
    sandbox.write(
        "secrets.lock",
        "version = 1\n[secrets]\n\"db\" = [\"user\"]\n\"plain\" = \"text\"\n\"prod-db\" = [\"password\", \"user\"]\n",
    );
    let log = [
        event("read", 2, json!({ "step": "load", "group": "prod-db", "key": "user" })),
        event("read", 1, json!({ "step": "load", "group": "prod-db", "key": "password" })),
        event("read", 3, json!({ "step": "save", "group": "prod-db", "key": "user" })),
        event("read", 4, json!({ "step": "load", "group": "db", "key": "other" })),
        event("resolved", 5, json!({ "step": "load", "source": "prod-db" })),
        "no event\n".to_owned(),
    ];
    sandbox.write("audit.log", log.concat());
    let steps = explain(&sandbox, &["program", "load"]);
    assert_eq!(steps.len(), 1);
    assert_eq!((&steps[0]["step"], &steps[0]["module"]), (&json!("load"), &json!("app::jobs")));
    let place =
        format!("{}/secrets.toml, line 2", sandbox.path().canonicalize().unwrap().display());
    let both = ["local", "aws-secrets-manager"];
    let source = |source: &str, backends: &[&str], id: &str, cache: u32| {
        json!({
            "source": source, "backends": backends, "id": id, "profile": null, "mapped_by": null, "region": null,
            "region_from": null, "role": null, "role_from": null, "cache": cache, "lock": null, "last_read": null,
        })
    };
    let with = |mut source: Value, fields: Value| {
        source.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        source
    };
    let region = json!({ "region": "us-west-2", "region_from": place });
    let role = json!({ "role": ROLE, "role_from": "attribute" });
    let usual = |source: Value| with(with(source, region.clone()), role.clone());
    let aws = &both[1..];
    let mapped = json!({ "mapped_by": "[sources.prod-db]", "lock": ["password", "user"], "last_read": "2026-11-28T21:30:02.000Z" });
    let expected = json!([
        with(usual(source("prod-db", aws, "laptop/db", 60)), mapped),
        source("env.HOME", &["env"], "HOME", 0),
        with(
            source("plain", &both, "plain", 60),
            json!({ "region": "eu-west-1", "region_from": "options", "role": OTHER, "role_from": "source", "lock": "text" })
        ),
        with(
            source(arn, aws, arn, 60),
            json!({ "region": "eu-north-1", "region_from": "arn", "role": ROLE, "role_from": "attribute" })
        ),
        with(
            with(source("own", &both, "own", 60), region.clone()),
            json!({ "role": OTHER, "role_from": "SECRETS_AWS_ROLE" })
        ),
        // Only the program knows whether its own backend may be cached.
        with(
            with(source("mine", &["of-program"], "mine", 0), role.clone()),
            json!({ "cache": null })
        ),
        with(usual(source("db/user", &both, "db", 60)), json!({ "lock": ["user"] })),
    ]);
    assert_eq!(steps[0]["sources"], expected);

    assert_eq!(explain(&sandbox, &["program"]).len(), 2);
    let save = explain(&sandbox, &["program", "app::jobs::save", "--profile", "prod"]);
    let save = &save[0]["sources"][0];
    assert_eq!(
        (&save["role"], &save["role_from"]),
        (&json!(OTHER), &json!("SECRETS_DEFAULT_ROLE"))
    );
    assert_eq!(save["profile"], "prod");
    let mapped = explain(&sandbox, &["program", "load", "--profile", "prod"]);
    let mapped = &mapped[0]["sources"][0];
    assert_eq!(
        (&mapped["id"], &mapped["mapped_by"]),
        (&json!("prod/db"), &json!("[profile.prod.sources.prod-db]"))
    );

    let text = run(&sandbox, &["program", "load"]).text();
    for part in [
        "app::jobs::load",
        "local, then aws-secrets-manager",
        "laptop/db",
        "(attribute)",
        "60 s",
        "2026-11-28T21:30:02.000Z",
        "not in an audit log",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn without_a_program_the_log_alone_is_read() {
    let sandbox = Sandbox::new();
    let resolved = |second, id: &str| {
        event(
            "resolved",
            second,
            json!({ "step": "load", "source": "prod-db", "backend": "local", "id": id }),
        )
    };
    let denied = json!({ "step": "load", "source": "api", "backend": "aws-secrets-manager", "id": "api", "role": ROLE, "kind": "AccessDenied" });
    let log = [
        resolved(1, "old"),
        event("read", 2, json!({ "step": "load", "group": "prod-db", "key": "user" })),
        resolved(3, "db"),
        event("failed", 4, denied),
        event(
            "failed",
            5,
            json!({ "step": "load", "source": "gone", "backend": "local", "kind": "NotFound" }),
        ),
    ];
    sandbox.write("audit.log", log.concat());
    for name in ["load", "app::jobs::load"] {
        let steps = explain(&sandbox, &[name]);
        assert_eq!(steps[0]["step"], "load");
        let sources = steps[0]["sources"].as_array().unwrap();
        assert_eq!((&sources[0]["source"], &sources[0]["role"]), (&json!("api"), &json!(ROLE)));
        assert_eq!((&sources[1]["source"], &sources[1]["id"]), (&json!("gone"), &Value::Null));
        let of_db = ["id", "backends", "last_read"].map(|name| sources[2][name].clone());
        assert_eq!(of_db, [json!("db"), json!(["local"]), json!("2026-11-28T21:30:02.000Z")]);
    }
    let result = run(&sandbox, &["other"]);
    result.assert_fails(3);
    assert!(result.stderr.contains("has no such step"), "{result:?}");
    let result = Sandbox::new().run(["explain", "load"]);
    result.assert_fails(2);
    assert!(result.stderr.contains("SECRETS_AUDIT"), "{result:?}");
}

#[test]
fn a_name_is_a_program_if_there_is_such_a_file_and_log_says_the_other() {
    let sandbox = Sandbox::new();
    let resolved = json!({ "step": "load", "source": "logged", "backend": "local", "id": "db" });
    sandbox.write("audit.log", event("resolved", 1, resolved));
    let source =
        |arguments: &[&str]| explain(&sandbox, arguments)[0]["sources"][0]["source"].clone();
    assert_eq!(source(&["load"]), "logged");
    assert_eq!(source(&["--log", "load"]), "logged");
    sandbox.write("load", step("load", r#"["declared"]"#));
    assert_eq!(source(&["load"]), "declared");
    assert_eq!(source(&["./load"]), "declared");
    assert_eq!(source(&["load", "load"]), "declared");
    assert_eq!(source(&["--log", "load"]), "logged");
    // A file that is not a program is an error, whatever the log has.
    sandbox.write("load", "notes");
    let result = run(&sandbox, &["load"]);
    result.assert_fails(3);
    assert!(result.stderr.contains("error: load: it declares no step"), "{result:?}");
    assert!(result.stderr.contains("`secrets explain --log load`"), "{result:?}");
    assert!(!run(&sandbox, &["./load"]).stderr.contains("--log"));
    assert!(run(&sandbox, &["other"]).stderr.contains("such as ./other"));
    run(&sandbox, &["load", "--log", "load"]).assert_fails(2);
    run(&sandbox, &["--log", ""]).assert_fails(2);
    assert!(sandbox.ok(["explain", "--help"]).contains("--log load always a step"));
}

#[test]
fn the_last_read_is_that_of_the_step_of_this_program() {
    let sandbox = Sandbox::new();
    let of_module = |module: &str, sources: &str| {
        record(&format!(
            r#"{{"step":"load","module":"{module}","file":"f","line":1,"sources":{sources}}}"#
        ))
    };
    let steps = [of_module("app::a", r#"["db","api"]"#), of_module("app::b", r#"["db"]"#)];
    sandbox.write("program", steps.concat());
    let of_call = |name: &str, call: u32, second: u32, mut fields: Value| {
        fields["call"] = json!(call);
        fields["step"] = json!("load");
        event(name, second, fields)
    };
    let read = |call: u32, second: u32| {
        of_call("read", call, second, json!({ "group": "db", "key": "user" }))
    };
    let resolved = |call: u32, source: &str| {
        of_call("resolved", call, 0, json!({ "source": source, "backend": "local", "id": source }))
    };
    let other = json!({ "program": "other", "step": "load", "group": "db", "key": "user" });
    let log = [
        resolved(1, "db"),
        read(1, 1),
        resolved(2, "db"),
        resolved(2, "api"),
        read(2, 2),
        // It is not known which of the two this is.
        read(3, 3),
        event("read", 4, other),
    ];
    sandbox.write("audit.log", log.concat());
    let last_reads = |name: &str| -> Vec<Value> {
        let steps = explain(&sandbox, &["program", name]);
        steps.iter().map(|step| step["sources"][0]["last_read"].clone()).collect()
    };
    let time = |second: u32| json!(format!("2026-11-28T21:30:{second:02}.000Z"));
    assert_eq!(last_reads("load"), [time(2), time(1)]);
    assert_eq!(last_reads("app::b::load"), [time(1)]);
    // Without a program, each one of the log is explained.
    let log = [
        resolved(1, "db"),
        read(1, 1),
        event(
            "resolved",
            2,
            json!({ "program": "other", "step": "load", "source": "db", "backend": "env", "id": "DB" }),
        ),
    ];
    sandbox.write("audit.log", log.concat());
    let steps = explain(&sandbox, &["load"]);
    let of = |step: &Value| step["sources"][0]["last_read"].clone();
    assert_eq!(steps.iter().map(of).collect::<Vec<_>>(), [Value::Null, time(1)]);
    let text = run(&sandbox, &["load"]).text();
    assert!(text.contains("load in other\n") && text.contains("load in program\n"), "{text}");
}

#[test]
fn a_role_names_the_variable_that_sets_it() {
    let sandbox = Sandbox::new();
    sandbox.write("program", step("load", r#"["a",{"id":"b","role":""}]"#));
    let mut command = sandbox.command(["explain", "program", "--format=json"]);
    command
        .env("SECRETS_DEFAULT_BACKEND", "aws-secrets-manager")
        .env("METAFLOW_DEFAULT_SECRETS_ROLE", ROLE)
        .env("METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_ROLE", OTHER);
    let json: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    let from = |index: usize| json["steps"][0]["sources"][index]["role_from"].clone();
    assert_eq!(from(0), "METAFLOW_DEFAULT_SECRETS_ROLE");
    assert_eq!(from(1), "METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_ROLE");
}

#[test]
fn the_log_and_the_program_cannot_write_to_the_terminal() {
    let sandbox = Sandbox::new();
    let hostile = "load\u{1b}[2J\u{9b}\u{202e}";
    let resolved = json!({ "program": hostile, "step": "load", "source": hostile, "backend": hostile, "id": hostile, "role": hostile });
    let other = json!({ "program": "b", "step": "load", "source": "db" });
    let log = [event("resolved", 1, resolved), event("resolved", 2, other)].concat();
    sandbox.write("audit.log", log);
    for arguments in [&["load"][..], &["load", "--format=json"]] {
        let result = run(&sandbox, arguments);
        assert_eq!(result.code, Some(0), "{result:?}");
        let printed = format!("{}{}", result.text(), result.stderr);
        let is_raw = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(printed.contains("[2J") && !printed.contains(is_raw), "{printed:?}");
    }
}

#[test]
fn a_step_that_is_not_there_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.write("program", step("load", r#"["a"]"#));
    for name in ["lod", "other::load"] {
        let result = sandbox.run(["explain", "program", name]);
        result.assert_fails(3);
        assert!(result.stderr.contains("has no such step"), "{result:?}");
    }
    assert!(sandbox.run(["explain", "program", "lod"]).stderr.contains("did you mean `load`?"));
    sandbox.run(["explain", "./missing"]).assert_fails(5);
    sandbox.write("empty", "");
    sandbox.run(["explain", "empty"]).assert_fails(3);
    assert_eq!(sandbox.run(["explain"]).code, Some(2));
}

#[test]
fn no_value_is_read() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "prod-db", "--password=SeNtInEl"]);
    let store = sandbox.path().join("store");
    std::fs::remove_dir_all(&store).unwrap();
    let mut command = sandbox.command(["explain".as_ref(), this_program().as_os_str()]);
    let output = command.env("SECRETS_AUDIT", "none/audit.log").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("prod-db"), "{text}");
    assert!(!text.contains("SeNtInEl") && !store.exists(), "{text}");
}

#[test]
fn the_line_of_the_lock_is_shown() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path().join(".git")).unwrap();
    let requests = r#"[{"group":"db","key":"user"},{"key":"token"}]"#;
    let record = record(&format!(
        r#"{{"step":"load","module":"app","file":"f","line":1,"sources":["local.prod-db",{{"id":"prod-db","group":"alias"}},"absent"],"requests":{requests}}}"#
    ));
    sandbox.write("program", record);
    sandbox.write(
        "secrets.lock",
        "version = 1\n[secrets]\n\"db\" = [\"user\"]\n\"local.prod-db\" = [\"password\", \"user\"]\n\"prod-db\" = \"binary\"\n\"token\" = \"text\"\n",
    );
    let steps = explain(&sandbox, &["./program", "load"]);
    let sources = steps[0]["sources"].as_array().unwrap();
    let lines: Vec<&Value> = sources.iter().map(|source| &source["lock"]).collect();
    assert_eq!(json!(lines), json!([["password", "user"], "binary", null, ["user"], "text"]));
    let text = run(&sandbox, &["./program", "load"]);
    assert!(text.text().contains("the keys password, user"), "{text:?}");
    // A lock that cannot be used is reported, and the rest is explained.
    sandbox.write("secrets.lock", "version = 2\n");
    let result = run(&sandbox, &["./program", "load"]);
    assert_eq!(result.code, Some(0), "{result:?}");
    assert!(result.stderr.contains("secrets.lock cannot be used"), "{result:?}");
}

/// Without the feature the files of profiles are not read.
#[cfg(feature = "aws")]
#[test]
fn the_region_of_the_profile_is_found() {
    let sandbox = Sandbox::new();
    let arn = "arn:aws:ssm:eu-north-1:123456789012:parameter/x";
    let sources = format!(
        r#"["ssm./prod/db","ssm.{arn}",{{"type":"ssm","id":"y","options":{{"region":"eu-west-1"}}}},"aws-secrets-manager.db"]"#
    );
    sandbox.write("program", step("load", &sources));
    sandbox
        .write("profiles", "[default]\nregion = eu-south-2\n[profile work]\nregion = ap-south-1\n");
    let mut command = sandbox.command(["explain", "program", "--format=json"]);
    command.env("AWS_CONFIG_FILE", sandbox.path().join("profiles")).env("AWS_PROFILE", "work");
    let result = CliOutput::new(command.env("SECRETS_AWS_ROLE", ROLE).output().unwrap());
    assert_eq!(result.code, Some(0), "{result:?}");
    let json: Value = serde_json::from_str(&result.text()).unwrap();
    let sources = json["steps"][0]["sources"].as_array().unwrap();
    let found = sources.iter().map(|it| (it["region"].as_str(), it["region_from"].as_str()));
    let profile = (Some("ap-south-1"), Some("the AWS profile work"));
    let expected =
        [profile, (Some("eu-north-1"), Some("arn")), (Some("eu-west-1"), Some("options")), profile];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert!(sources.iter().all(|it| it["role"] == ROLE), "{sources:?}");
}

#[test]
fn the_region_of_an_agent_is_its_own() {
    let sandbox = Sandbox::new();
    let arn = "arn:aws:secretsmanager:eu-north-1:123456789012:secret:x-AbCdEf";
    let sources = format!(r#"["aws-secrets-manager.db","ssm.a","{arn}","local.x"]"#);
    sandbox.write("program", step("load", &sources));
    let run = |format: &str, variables: &[(&str, &str)]| {
        let mut command = sandbox.command(["explain", "./program", "load", format]);
        command.env("AWS_REGION", "us-east-1").env("SECRETS_AWS_TRANSPORT", "agent");
        let printed = CliOutput::new(command.envs(variables.to_vec()).output().unwrap());
        assert_eq!(printed.code, Some(0), "{printed:?}");
        printed.text()
    };
    let regions = |variables: &[(&str, &str)]| -> Vec<(Value, Value)> {
        let json: Value = serde_json::from_str(&run("--format=json", variables)).unwrap();
        let sources = json["steps"][0]["sources"].as_array().unwrap().clone();
        sources.iter().map(|it| (it["region"].clone(), it["region_from"].clone())).collect()
    };
    let of_agent = (Value::Null, json!("the AWS agent"));
    let of_arn = (json!("eu-north-1"), json!("arn"));
    let none = (Value::Null, Value::Null);
    let all =
        |of_name: &(Value, Value)| [of_name.clone(), of_name.clone(), of_arn.clone(), none.clone()];
    assert_eq!(regions(&[]), all(&of_agent));
    let text = run("--format=text", &[]);
    assert_eq!(text.matches("that of the AWS agent").count(), 2, "{text}");
    assert!(!text.contains("us-east-1"), "{text}");
    // An agent elsewhere is an error when the step runs.
    let set = (json!("eu-west-1"), json!("SECRETS_AWS_REGION"));
    assert_eq!(regions(&[("SECRETS_AWS_REGION", "eu-west-1")]), all(&set));
    let function = (json!("us-east-1"), json!("AWS_REGION"));
    assert_eq!(regions(&[("AWS_LAMBDA_FUNCTION_NAME", "load")]), all(&function));
}
