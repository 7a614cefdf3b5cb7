//! Metaflow's grammar: each recorded case has the same result here, or is listed as an intended change.

use secrets_spec::{
    BackendType, Source, SourceRole, VariableName, With, check_inline_name, check_role,
};
use serde_json::Value;

use crate::support::{assert_all_listed, recorded};

/// The name of an intended change; `None` if the result is the same.
type Change = Option<&'static str>;

/// The cases about the grammar, each with its intended change.
const GRAMMAR: &[(&str, Change)] = &[
    // The prefix is not a built-in type, so the whole text is an id.
    ("unit-str-explicit", Some("D1")),
    ("unit-dict-explicit", None),
    ("unit-dict-implicit-options", Some("D2")),
    ("unit-role-source-wins", Some("D10")),
    ("unit-role-decorator", Some("D10")),
    ("unit-bad-type", None),
    ("unit-bad-id", None),
    ("unit-bad-options", None),
    ("unit-bad-role", None),
    ("unit-unknown-backend", Some("D1")),
    // `inline` does not map its names. The name of a field would be mapped (`-` in Metaflow too, the space only
    // here: D7).
    ("unit-badname-hello world", None),
    ("unit-badname-hey_arnold!", None),
    ("unit-badname-I_♥_NY", None),
    ("unit-badname-door-", None),
    ("unit-nonstring-value-int", None),
    ("unit-nonstring-value-bytes", None),
    ("core-inline-every-step", None),
];

/// Cases that need more than the grammar, which the tests of the runtime run.
const ELSEWHERE: &[&str] = &["unit-existing"];

#[test]
fn recorded_specs_are_equal_or_listed_as_changes() {
    let cases =
        recorded("metaflow.json", "metaflow_unit", |case| case["id"].as_str().unwrap().to_owned());
    let listed = GRAMMAR.iter().map(|(id, _)| *id).chain(ELSEWHERE.iter().copied());
    assert_all_listed(&cases, listed);
    for (id, change) in GRAMMAR {
        let case = &cases[*id];
        match case["call"].as_str().unwrap() {
            "parse_string" | "backend_lookup" => string(id, case, *change),
            "parse_dict" => dict(id, case, *change),
            "check_names" => names(id, case),
            "flow" => flow(case),
            other => panic!("{id}: {other}"),
        }
    }
}

fn string(id: &str, case: &Value, change: Change) {
    let text = case["input"].as_str().unwrap();
    let source = Source::parse(text).unwrap();
    assert_eq!(change, Some("D1"), "{id}");
    assert_eq!((source.backend(), source.id()), (None, text), "{id}");
}

fn dict(id: &str, case: &Value, change: Change) {
    let parsed = Source::from_json(&case["input"].to_string());
    let expect = &case["expect"];
    match change {
        _ if expect["error_kind"].is_string() => {
            let error = parsed.expect_err(id);
            assert!(!error.is_name(), "{id}: BadSpec is InvalidSource");
            let field = expect["error_kind"].as_str().unwrap().strip_prefix("BadSpec.").unwrap();
            assert!(error.message().starts_with(&format!("`{field}` is ")), "{id}: {error}");
        }
        Some("D2") => assert!(parsed.expect_err(id).message().starts_with("unknown option \"a\"")),
        Some("D10") => {
            // Either the role of the source is invalid, or that of the decorator.
            let decorator = case["decorator_role"].as_str().unwrap();
            assert!(check_role(decorator).is_some(), "{id}");
            match parsed {
                Ok(source) => assert_eq!(source.role(), &SourceRole::Inherit, "{id}"),
                Err(error) => {
                    assert_eq!(error.message(), "a role is not the ARN of a role", "{id}");
                }
            }
        }
        None => {
            let source = parsed.unwrap();
            assert_eq!(source.id(), expect["id"].as_str().unwrap(), "{id}");
            let backend = source.backend().map(BackendType::as_str);
            assert_eq!(backend, expect["type"].as_str(), "{id}");
            assert_eq!((source.role().as_str(), expect["role"].as_str()), (None, None), "{id}");
        }
        Some(other) => panic!("{id}: {other}"),
    }
}

fn names(id: &str, case: &Value) {
    let (name, value) = case["input"].as_object().unwrap().iter().next().unwrap();
    let source =
        serde_json::json!({"type": "inline", "id": "1", "options": {"env_vars": {name: value}}});
    let error = Source::from_json(&source.to_string()).expect_err(id);
    if case["expect"]["error_kind"] == "NonStringValue" {
        assert!(!error.is_name(), "{id}: NonStringValue is InvalidSource");
        assert!(error.message().starts_with("`K` is a text, not"), "{id}: {error}");
    } else {
        assert_eq!(case["expect"]["error_kind"], "InvalidEnvName");
        assert!(check_inline_name(name).is_some() && error.is_name(), "{id}: {error}");
        // The name of a field would be mapped. A name that is still invalid after that is invalid everywhere.
        let mapped = VariableName::of_field(name).is_ok();
        assert_eq!(mapped, ["hello world", "door-"].contains(&name.as_str()), "{id}");
    }
}

fn flow(case: &Value) {
    let recorded = &case["input"]["sources"][0];
    let source = Source::from_json(&recorded.to_string()).unwrap();
    let values: Vec<_> = source.options().env_vars.as_ref().unwrap().iter().collect();
    let wanted = recorded["options"]["env_vars"].as_object().unwrap();
    assert_eq!(values.len(), wanted.len());
    assert!(values.iter().all(|(name, value)| wanted[*name] == *value));
}

/// Each `--with` text with its intended change.
const WITH: &[(&str, Change)] = &[
    // In Metaflow, single quotes and unquoted names turn the list into a text, which fails later.
    ("secrets:sources=['a']", Some("D17")),
    ("secrets:sources=[a]", Some("D17")),
    (r#"secrets:sources=["a"],allow_override=true"#, None),
    (r#"secrets:sources=["a"],allow_override=false"#, None),
    // Metaflow accepts any value that is true in Python.
    (r#"secrets:sources=["a"],allow_override=1"#, Some("D17")),
    (r#"secrets:source=["a"]"#, None),
    ("secrets:sources", None),
    ("secrets:sources=null", None),
    (r#"secrets:sources=["a"],role="#, None),
    // Metaflow accepts a number as a role until the request to AWS.
    (r#"secrets:sources=["a"],role=123456789012"#, Some("D10")),
    (r#" secrets:sources=["a"]"#, None),
];

#[test]
fn recorded_with_options_are_equal_or_listed_as_changes() {
    let cases = recorded("metaflow.json", "metaflow_with", |case| {
        case["spec"].as_str().unwrap().to_owned()
    });
    assert_all_listed(&cases, WITH.iter().map(|(id, _)| *id));
    for (id, change) in WITH {
        let parsed = With::parse(id);
        let attributes = &cases[*id]["attributes"];
        if change.is_some() {
            let errors = parsed.expect_err(id);
            assert!(attributes.is_object(), "{id} is an error in Metaflow too");
            assert!(errors.iter().all(|error| error.help().is_some()), "{id}");
            continue;
        }
        if cases[*id]["error"].is_string() {
            assert!(parsed.is_err(), "{id}");
            continue;
        }
        let with = parsed.unwrap();
        let empty = Vec::new();
        let recorded = attributes["sources"].as_array().unwrap_or(&empty);
        let ids: Vec<_> = with.sources().iter().map(|source| Value::from(source.id())).collect();
        assert_eq!(&ids, recorded, "{id}");
        assert_eq!(with.role().as_str(), attributes["role"].as_str(), "{id}");
        assert_eq!(Some(with.allow_override()), attributes["allow_override"].as_bool(), "{id}");
        // D17: the displayed text parses back unchanged, whereas in Metaflow `false` becomes a text that counts as
        // true.
        assert_eq!(With::parse(&with.to_string()), Ok(with), "{id}");
    }
}
