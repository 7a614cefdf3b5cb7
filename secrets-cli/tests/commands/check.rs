//! `check` prints names only, and all findings at once.

use crate::support::Sandbox;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--user=SeNtInEl", "--password=SeNtInEl"]);
    sandbox
}

#[test]
fn existing_secrets_are_listed_without_their_values() {
    let sandbox = sandbox();
    assert_eq!(sandbox.ok(["check", "db", "env.PATH"]), "ok  db        local\nok  env.PATH  env\n");
    let requests = r#"[{"group": "db", "key": "user"}]"#;
    assert_eq!(sandbox.ok(["check", "--requests", requests]), "ok  db/user  local\n");
    assert_eq!(sandbox.ok(["check", "nothing", "--level", " none "]), "");
}

#[test]
fn all_findings_are_reported_at_once_as_a_table_and_as_json() {
    let sandbox = sandbox();
    sandbox.write("stack.yaml", "a: '{{db.user}}'\nb: ['{{db.port}}', {c: '{{gone.k}}'}]\n");
    let result = sandbox.run(["check", "env.NO_SUCH", "db", "--config", "stack.yaml"]);
    assert_eq!(result.code, Some(3), "{result:?}");
    let table = "NotFound     env.NO_SUCH  env\n\
                 ok           db           local\n\
                 ok           db/user      local\n\
                 KeyNotFound  db/port      local\n\
                 NotFound     gone         local\n";
    assert_eq!(result.text(), table);
    assert_eq!(result.stderr.matches("error: ").count(), 3, "{result:?}");
    assert!(!result.stderr.contains("SeNtInEl"), "{result:?}");

    let arguments = ["check", "--config=stack.yaml", "--format=json", "--level=secret_exists"];
    let result = sandbox.run(arguments);
    assert_eq!((result.code, result.json_kind().as_str()), (Some(3), "NotFound"));
    let found: serde_json::Value = serde_json::from_str(&result.text()).unwrap();
    assert_eq!((&found["ok"], &found["level"]), (&false.into(), &"SECRET_EXISTS".into()));
    assert_eq!(found["checked"].as_array().unwrap().len(), 2);
    assert_eq!(found["problems"][0]["source"], "gone");
}

#[test]
fn the_level_is_a_setting_too() {
    let sandbox = sandbox();
    sandbox.write("c.toml", "a = '{{db.port}}'");
    let code = |level: &str| {
        let mut command = sandbox.command(["check", "--config", "c.toml"]);
        command.env("ZENML_SECRET_VALIDATION_LEVEL", level).output().unwrap().status.code()
    };
    assert_eq!((code("SECRET_EXISTS"), code(""), code("BOGUS")), (Some(0), Some(3), Some(5)));
    sandbox.run(["check", "db", "--level", "BOGUS"]).assert_fails(2);
}

#[test]
fn a_configuration_that_cannot_be_read_is_reported_with_its_position() {
    let sandbox = sandbox();
    sandbox.write("near.json", r#"{"a": "SeNtInEl {{db}}"}"#);
    let result = sandbox.run(["check", "--config", "near.json"]);
    result.assert_fails(5);
    assert!(result.stderr.contains("near.json, a: line 1, column 17"), "{result:?}");
    sandbox.write("broken.toml", "a = SeNtInEl");
    let broken = sandbox.run(["check", "--config", "broken.toml"]);
    broken.assert_fails(5);
    let place = "broken.toml: line 1, column 5: this is not valid TOML";
    assert!(broken.stderr.contains(place), "{broken:?}");
    sandbox.write("none.toml", "a = 'b'");
    let none = sandbox.run(["check", "--config", "none.toml"]);
    assert!(none.stderr.contains("none.toml has no references"), "{none:?}");
    sandbox.run(["check", "--config", "no-such.toml"]).assert_fails(5);
    sandbox.run(["check"]).assert_fails(2);
    sandbox.run(["check", "db", "--register-missing"]).assert_fails(2);
    // A file with another extension is checked as one template.
    sandbox.write("page.txt", "user {{db.user}}\n{{db.password | shell}}");
    assert_eq!(sandbox.ok(["check", "--config", "page.txt"]).lines().count(), 3);
    // So is one that only `render` fills in, as a text.
    sandbox.write("template.yaml", "a: {{db.user}}\nb: {{db.password | json}}\n");
    let template = sandbox.run(["check", "--config", "template.yaml"]);
    assert_eq!((template.code, template.text().lines().count()), (Some(0), 3), "{template:?}");
    assert!(template.stderr.contains("template.yaml is checked as a text"), "{template:?}");
    assert_eq!(sandbox.run(["render", "template.yaml"]).code, Some(0));
}

#[test]
fn nobody_is_asked_without_a_terminal() {
    let sandbox = sandbox();
    sandbox.write("c.toml", "a = '{{gone.k}}'");
    sandbox.run(["check", "--config", "c.toml", "--register-missing"]).assert_fails(2);
    assert_eq!(sandbox.ok(["list"]), "db\n");
    // If nothing is missing, nobody is asked.
    sandbox.write("c.toml", "a = '{{db.user}}'");
    sandbox.ok(["check", "--config", "c.toml", "--register-missing"]);
}
