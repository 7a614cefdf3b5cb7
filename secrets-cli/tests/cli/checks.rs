//! `check`: names and nothing else, every finding at once.

use crate::bench::Bench;

fn bench() -> Bench {
    let bench = Bench::new();
    bench.ok(["register", "db", "--user=SeNtInEl", "--password=SeNtInEl"]);
    bench
}

#[test]
fn what_is_there_is_listed_and_its_values_are_not() {
    let bench = bench();
    assert_eq!(bench.ok(["check", "db", "env.PATH"]), "ok  db        local\nok  env.PATH  env\n");
    let requests = r#"[{"group": "db", "key": "user"}]"#;
    assert_eq!(bench.ok(["check", "--requests", requests]), "ok  db/user  local\n");
    assert_eq!(bench.ok(["check", "nothing", "--level", " none "]), "");
}

#[test]
fn every_finding_comes_at_once_as_a_table_and_as_json() {
    let bench = bench();
    bench.write("stack.yaml", "a: '{{db.user}}'\nb: ['{{db.port}}', {c: '{{gone.k}}'}]\n");
    let ran = bench.run(["check", "env.NO_SUCH", "db", "--config", "stack.yaml"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let table = "NotFound     env.NO_SUCH  env\n\
                 ok           db           local\n\
                 ok           db/user      local\n\
                 KeyNotFound  db/port      local\n\
                 NotFound     gone         local\n";
    assert_eq!(ran.text(), table);
    assert_eq!(ran.stderr.matches("error: ").count(), 3, "{ran:?}");
    assert!(!ran.stderr.contains("SeNtInEl"), "{ran:?}");

    let arguments = ["check", "--config=stack.yaml", "--format=json", "--level=secret_exists"];
    let ran = bench.run(arguments);
    assert_eq!((ran.code, ran.json_kind().as_str()), (Some(3), "NotFound"));
    let found: serde_json::Value = serde_json::from_str(&ran.text()).unwrap();
    assert_eq!((&found["ok"], &found["level"]), (&false.into(), &"SECRET_EXISTS".into()));
    assert_eq!(found["checked"].as_array().unwrap().len(), 2);
    assert_eq!(found["problems"][0]["source"], "gone");
}

#[test]
fn the_level_is_a_setting_too() {
    let bench = bench();
    bench.write("c.toml", "a = '{{db.port}}'");
    let code = |level: &str| {
        let mut command = bench.command(["check", "--config", "c.toml"]);
        command.env("ZENML_SECRET_VALIDATION_LEVEL", level).output().unwrap().status.code()
    };
    assert_eq!((code("SECRET_EXISTS"), code(""), code("BOGUS")), (Some(0), Some(3), Some(5)));
    bench.run(["check", "db", "--level", "BOGUS"]).fails(2);
}

#[test]
fn what_cannot_be_read_is_said_with_its_place() {
    let bench = bench();
    bench.write("near.json", r#"{"a": "SeNtInEl {{db}}"}"#);
    let ran = bench.run(["check", "--config", "near.json"]);
    ran.fails(5);
    assert!(ran.stderr.contains("line 1, column 17"), "{ran:?}");
    bench.write("broken.toml", "a = SeNtInEl");
    bench.run(["check", "--config", "broken.toml"]).fails(5);
    bench.run(["check", "--config", "no-such.toml"]).fails(5);
    bench.run(["check"]).fails(2);
    bench.run(["check", "db", "--register-missing"]).fails(2);
    // Any other file is one template.
    bench.write("page.txt", "user {{db.user}}\n{{db.password | shell}}");
    assert_eq!(bench.ok(["check", "--config", "page.txt"]).lines().count(), 3);
}

#[test]
fn nobody_is_asked_where_there_is_nobody() {
    let bench = bench();
    bench.write("c.toml", "a = '{{gone.k}}'");
    bench.run(["check", "--config", "c.toml", "--register-missing"]).fails(2);
    assert_eq!(bench.ok(["list"]), "db\n");
    // With nothing missing there is nothing to ask for.
    bench.write("c.toml", "a = '{{db.user}}'");
    bench.ok(["check", "--config", "c.toml", "--register-missing"]);
}

#[test]
fn doctor_warns_of_a_store_that_does_not_stay() {
    let bench = bench();
    let doctor = |arguments: &[&str], ci: &str| {
        let mut command = bench.command(arguments);
        String::from_utf8(command.env("CI", ci).output().unwrap().stdout).unwrap()
    };
    let warning = "the default backend is the local store, and this is a CI job";
    assert!(doctor(&["doctor"], "true").contains(warning));
    assert!(!doctor(&["doctor"], "false").contains(warning));
    assert!(!doctor(&["doctor", "--backend=env"], "true").contains(warning));
    assert!(doctor(&["doctor", "--format=json"], "1").contains("\"warnings\":[\"the default"));
}
