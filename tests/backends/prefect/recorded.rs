//! `prefect.json`: each case is as recorded, or a change that `docs/compatibility.md` names.

use secrets_tests::lookup::{self, Case};
use serde_json::{Map, Value, json};

/// Python objects that neither an environment nor a file can hold: contexts made by a program (replaced whole, and
/// typed), the function that types a text (P2: nothing is typed), a task without a name and one with a result
/// type.
const NOT_APPLICABLE: [&str; 4] =
    ["context", "context-replaces-env", "string_to_type", "prefect_secret"];

/// Cases that differ, by their tag: each case of these tags that is not as recorded is this change.
const CHANGES: [(&str, &str); 13] = [
    ("value", "P2"),
    ("toml-value", "P2"),
    ("toml", "P5"),
    ("toml-interp-cycle", "P2"),
    ("case", "P1"),
    ("case-documentation", "P1"),
    ("exists", "P1"),
    ("nest", "P5"),
    ("nest-conflict", "P5"),
    ("nest-whole", "P5"),
    ("shadow", "P5"),
    // Ours is an error of a setting, and quotes nothing of the file.
    ("toml-bad", "InvalidConfig"),
    // A text is cast when it is read as a number.
    ("env_var_secret", "Undecodable"),
];

#[test]
fn local_secrets_are_as_recorded_or_a_named_change() {
    let cases = lookup::recorded();
    let (mut apart, mut cloud) = (0, 0);
    for case in &cases {
        if NOT_APPLICABLE.contains(&&*case.tag) || case.input["args"].get("result").is_some() {
            apart += 1;
            continue;
        }
        if case.tag.contains("cloud") {
            cloud += 1;
            continue;
        }
        let (source, wanted) = (source(case), wanted(case));
        let change = CHANGES.iter().find(|(tag, _)| *tag == case.tag);
        if !is_as_recorded(&wanted, case) {
            assert!(change.is_some(), "case {}: {} is not {wanted}", case.number, case.output);
        }
        case.hold(
            &source,
            &wanted,
            &[("PREFECT__BACKEND", case.input["backend"].as_str().unwrap_or(""))],
        );
    }
    assert_eq!((cases.len(), apart, cloud), (130, 17, 8), "every case is one of these");
}

fn source(case: &Case) -> Value {
    match op(case) {
        "env_var_secret" => {
            let required = case.input["args"]["raise_if_missing"].as_bool().unwrap_or(false);
            let mut options = json!({ "required": required });
            if case.input["args"]["cast"] == "json" {
                options["json"] = Value::Bool(true);
            }
            json!({ "type": "env", "id": case.name(), "options": options })
        }
        // The recorded configuration is the one of this secret.
        "config" => json!({ "type": "prefect", "id": configured(case) }),
        _ => json!({ "type": "prefect", "id": case.name() }),
    }
}

/// The name behind the prefix of the case's one variable.
fn configured(case: &Case) -> &str {
    let variables = case.input["env"].as_object().expect("variables");
    let variable = variables.keys().next().expect("a variable");
    variable.strip_prefix("PREFECT__CONTEXT__SECRETS__").unwrap_or("secrets")
}

/// Our expected outcome, by the rules P1, P2 and P5.
fn wanted(case: &Case) -> Value {
    let missing = || json!({ "error": "NotFound" });
    let variable =
        |name: &str| recorded_variable(case, &format!("PREFECT__CONTEXT__SECRETS__{name}"));
    match (op(case), &*case.tag) {
        ("exists", _) => json!({ "exists": variable("FOO").is_some() }),
        ("env_var_secret", _) => {
            match (recorded_variable(case, case.name()), &case.input["args"]) {
                (None, args) if args["raise_if_missing"] == true => missing(),
                (None, _) => json!({ "absent": true }),
                (Some(_), args) if args["cast"] == "int" => {
                    json!({ "error": "Undecodable", "number": true })
                }
                (Some(text), args) if args["cast"] == "json" => of_text(text),
                (Some(text), _) => json!({ "text": text }),
            }
        }
        ("config", _) => match variable(configured(case)) {
            Some(text) => of_text(text),
            None => missing(),
        },
        (_, "toml-bad") => json!({ "error": "InvalidConfig" }),
        _ => {
            let name = case.name();
            let exact = variable(name).map(of_text).or_else(|| of_toml(case));
            let folded = || {
                let cases = [name.to_uppercase(), name.to_lowercase()];
                cases.iter().find_map(|name| variable(name)).map(of_text)
            };
            exact.or_else(folded).unwrap_or_else(missing)
        }
    }
}

fn op(case: &Case) -> &str {
    case.input["op"].as_str().expect("an operation")
}

fn recorded_variable<'a>(case: &'a Case, name: &str) -> Option<&'a str> {
    case.input["env"][name].as_str()
}

/// A text as it is, and the JSON of an object as fields.
fn of_text(text: &str) -> Value {
    let Ok(Value::Object(members)) = serde_json::from_str::<Value>(text) else {
        return json!({ "text": text });
    };
    let field = |(name, value): (String, Value)| match value {
        Value::Null => None,
        Value::String(text) => Some((name, Value::from(text))),
        // The records have no blanks in what is nested but after `:` and `,`.
        other => Some((name, Value::from(other.to_string().replace(':', ": ").replace(',', ", ")))),
    };
    json!({ "fields": members.into_iter().filter_map(field).collect::<Map<_, _>>() })
}

/// The value in `config.toml`, which comes last there.
fn of_toml(case: &Case) -> Option<Value> {
    let toml = case.input["toml"].as_str()?.trim_start_matches("[context.secrets");
    Some(match (toml.split_once(" = "), toml.starts_with(".K]")) {
        (_, true) => json!({ "text": "x = 1" }),
        (Some((_, written)), false) => match written.trim_end_matches('\n') {
            text if text.starts_with("\"\"\"") => json!({ "text": "multi\nline" }),
            text if text.starts_with('"') => {
                of_text(&serde_json::from_str::<String>(text).expect("a string"))
            }
            other => json!({ "text": other }),
        },
        (None, false) => return None,
    })
}

fn is_as_recorded(wanted: &Value, case: &Case) -> bool {
    let recorded = &case.output;
    if wanted.get("error").is_some() {
        return recorded["err"] == "ValueError"
            && recorded["msg"]
                .as_str()
                .is_some_and(|m| m.contains("not found") || m.contains("not set"));
    }
    let Some(value) = recorded.get("ok") else { return false };
    match (wanted.get("text"), wanted.get("fields"), wanted.get("exists")) {
        (Some(text), ..) => text == value,
        (_, Some(fields), _) => {
            fields == value || *fields == json!({ "a": "1" }) && value["a"] == 1
        }
        (.., Some(exists)) => exists == value,
        _ => value.is_null(),
    }
}
