//! The local context beyond what was recorded.

use secrets_tests::lookup::Case;
use serde_json::{Value, json};

fn case(input: Value) -> Case {
    Case::unrecorded(input)
}

fn prefect(name: &str) -> Value {
    json!({ "type": "prefect", "id": name })
}

#[test]
fn several_names_that_differ_by_case_are_ambiguous_and_the_exact_one_wins() {
    let both = json!({ "env": {
        "PREFECT__CONTEXT__SECRETS__FOO": "SeNtInEl", "PREFECT__CONTEXT__SECRETS__foo": "b",
    } });
    case(both.clone()).hold(&prefect("Foo"), &json!({ "error": "Ambiguous" }), &[]);
    case(both).hold(&prefect("foo"), &json!({ "text": "b" }), &[]);
    // One in the environment and one in the file.
    let apart = json!({
        "env": { "PREFECT__CONTEXT__SECRETS__FOO": "SeNtInEl" }, "toml": "[context.secrets]\nfoo = 'b'",
    });
    case(apart.clone()).hold(&prefect("Foo"), &json!({ "error": "Ambiguous" }), &[]);
    case(apart).hold(&prefect("foo"), &json!({ "text": "b" }), &[]);
}

#[test]
fn a_name_with_an_equals_sign_is_not_a_part_of_a_variable() {
    let input = json!({ "env": { "PREFECT__CONTEXT__SECRETS__FOO": "a=SeNtInEl" } });
    case(input.clone()).hold(&prefect("FOO=a"), &json!({ "error": "NotFound" }), &[]);
    case(input).hold(&prefect("FOO=a"), &json!({ "exists": false }), &[]);
}

#[test]
fn one_name_in_both_places_is_one_and_the_environment_has_it() {
    let both = json!({
        "env": { "PREFECT__CONTEXT__SECRETS__FOO": "a" }, "toml": "[context.secrets]\nFOO = 'b'",
    });
    case(both).hold(&prefect("foo"), &json!({ "text": "a" }), &[]);
}

#[test]
fn the_prefix_is_all_upper_or_all_lower_case() {
    let lower = json!({ "env": { "prefect__context__secrets__FOO": "a" } });
    case(lower.clone()).hold(&prefect("FOO"), &json!({ "text": "a" }), &[]);
    case(lower).hold(&prefect("foo"), &json!({ "text": "a" }), &[]);
}

#[test]
fn the_file_is_where_prefects_variable_says() {
    let input = json!({ "toml": "[context.secrets]\nfoo = 'b'" });
    let variable = "PREFECT__USER_CONFIG_PATH";
    for (path, wanted) in [
        ("~/.prefect/config.toml", json!({ "text": "b" })),
        (".prefect/config.toml", json!({ "text": "b" })),
        ("", json!({ "text": "b" })),
        ("~/no-such-file", json!({ "error": "NotFound" })),
        ("~", json!({ "error": "Unavailable" })),
    ] {
        case(input.clone()).hold(&prefect("foo"), &wanted, &[(variable, path)]);
    }
}

#[test]
fn an_object_with_a_key_twice_is_undecodable_and_what_is_nearly_json_is_text() {
    let twice =
        json!({ "env": { "PREFECT__CONTEXT__SECRETS__A": r#"{"a": "SeNtInEl", "a": 1}"# } });
    case(twice).hold(&prefect("A"), &json!({ "error": "Undecodable" }), &[]);
    let text = r#"{"a": "SeNtInEl""#;
    let nearly = json!({ "env": { "PREFECT__CONTEXT__SECRETS__A": text } });
    case(nearly).hold(&prefect("A"), &json!({ "text": text }), &[]);
}

#[test]
fn a_file_that_is_not_toml_is_an_error_that_shows_no_part_of_it() {
    let broken = json!({ "toml": "[context.secrets]\nfoo = SeNtInEl" });
    case(broken).hold(&prefect("foo"), &json!({ "error": "InvalidConfig" }), &[]);
}

#[test]
fn it_keeps_the_rules_of_backends() {
    let input = json!({
        "env": {
            "PREFECT__CONTEXT__SECRETS__DB": r#"{"password":"SeNtInEl-db"}"#,
            "PREFECT__CONTEXT__SECRETS__TOKEN": "SeNtInEl-token",
        },
        "toml": "[context.secrets]\nFILED = 'SeNtInEl-filed'",
    });
    let present = json!({
        "DB": { "password": "SeNtInEl-db" }, "TOKEN": "SeNtInEl-token", "FILED": "SeNtInEl-filed",
    });
    let rules = json!({ "rules": { "present": present, "missing": "MISSING" } });
    case(input).hold(&prefect("-"), &rules, &[]);
}
