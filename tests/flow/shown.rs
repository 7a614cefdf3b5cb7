use serde_json::{Value, json};

use secrets_tests::flow_sandbox::{FlowOutput, FlowSandbox, WITH};

fn steps(flow: &str) -> Vec<Value> {
    let shown = FlowSandbox::new().run(flow, &["show", "--format", "json"]).json();
    assert_eq!((&shown["version"], &shown["flow"]), (&json!(1), &json!(flow)));
    shown["steps"].as_array().unwrap().clone()
}

#[test]
fn the_flow_is_shown_as_json() {
    let expected = json!([
        {"step": "load", "after": [], "sources": ["prod-db"], "requests": [], "role": null, "guard": null, "retry": 0, "timeout": null},
        {"step": "store", "after": ["load"], "sources": ["warehouse"], "requests": [], "role": null, "guard": null, "retry": 2, "timeout": 600},
        {"step": "report", "after": ["load", "store"], "sources": [], "requests": [], "role": null, "guard": null, "retry": 0, "timeout": null},
    ]);
    assert_eq!(json!(steps("dbflow")), expected);
}

#[test]
fn what_a_function_declares_is_found_by_its_type() {
    let steps = steps("forms");
    let sources = |name: &str| {
        steps.iter().find(|step| step["step"] == name).map(|step| step["sources"].clone()).unwrap()
    };
    for (step, expected) in [
        ("method", json!(["of-method"])),
        ("inner", json!(["of-inner"])),
        ("generic", json!(["of-generic"])),
        ("raw", json!(["of-raw"])),
        ("typed", json!(["prod-db", "typed"])),
        ("request", json!([])),
        ("bare", json!([])),
        ("closure", json!("unknown")),
        ("pointer", json!("unknown")),
        ("plain", json!("unknown")),
    ] {
        assert_eq!(sources(step), expected, "{step}");
    }
    let role = "arn:aws:iam::123456789012:role/R";
    assert_eq!(steps[4]["role"], role);
    assert_eq!(steps[5]["requests"], json!([{"group": "api", "key": "token"}]));
}

#[test]
fn the_flow_is_shown_to_people_and_as_a_diagram() {
    let sandbox = FlowSandbox::new();
    let text = sandbox.run("dbflow", &["show"]).ok();
    assert!(
        text.contains("\nstore\n  after    load\n  secrets  warehouse\n  retry    2\n"),
        "{text}"
    );
    assert!(sandbox.run("forms", &["show"]).ok().contains("closure\n  secrets  unknown\n"));
    let diagram = sandbox.run("dbflow", &["show", "--format", "mermaid"]).ok();
    assert!(diagram.contains("flowchart TD\n") && diagram.contains("  s0 --> s1\n"), "{diagram}");
}

#[test]
fn check_is_a_table_of_all_steps() {
    let sandbox = FlowSandbox::new();
    let check = [WITH.as_slice(), &["check"]].concat();
    let table = sandbox.run("dbflow", &check).ok();
    let rows: Vec<Vec<&str>> = table.lines().map(|row| row.split_whitespace().collect()).collect();
    assert_eq!(
        rows,
        [
            vec!["STEP", "SECRET", "BACKEND", "RESULT"],
            vec!["load", "prod-db", "env", "ok"],
            vec!["store", "warehouse", "env", "ok"],
            vec!["report", "report-db", "env", "ok"],
        ]
    );
    let missing = FlowOutput::of(sandbox.command("dbflow", &["check"]).env_remove("T_PASSWORD"));
    assert!(missing.stdout.contains("NotFound"), "{missing:?}");
    assert!(missing.failed(3).contains("prod-db"));
    let none = FlowOutput::of(
        sandbox.command("dbflow", &["check", "--level", "NONE"]).env_remove("T_PASSWORD"),
    );
    assert_eq!(none.code, Some(0));
    assert_eq!(sandbox.run("dbflow", &["check", "--level", "SOME"]).code, Some(2));
}

#[test]
fn check_reports_a_secret_of_several_steps_once() {
    let sandbox = FlowSandbox::new();
    let with = r#"secrets:sources=["nowhere"]"#;
    let checked = |flow: &str| {
        let output = sandbox.run(flow, &["--with", with, "check"]);
        let rows = output.stdout.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
        let of_interest = ["NotFound", "checked"];
        let rows = rows.filter(|row| row.last().is_some_and(|cell| of_interest.contains(cell)));
        let rows: Vec<String> = rows.map(|row| row.join(" ")).collect();
        (rows, output.failed(3))
    };
    // Two steps without a declaration of their own, and a function without an attribute.
    let (rows, error) = checked("bare");
    let expected =
        ["a nowhere local NotFound", "b nowhere local NotFound", "c unknown not checked"];
    assert_eq!(rows, expected);
    assert_eq!(error.matches("nowhere (local)").count(), 1, "{error}");
    // No step is known to get it.
    let (rows, error) = checked("early");
    assert_eq!(rows, ["print unknown not checked", "--with nowhere local NotFound"]);
    assert_eq!(error.matches("nowhere (local)").count(), 1, "{error}");
}
