//! Options and roles by the type of a source, and what a deployment puts in a source's place.

use secrets_spec::{
    BuiltIn, OPTIONS, OptionScope, OptionValue, Source, SourcePatch, read_json, read_source,
};

use crate::support::diagnostics;

fn said(json: &str) -> Vec<(String, String, String)> {
    diagnostics(json, read_source).1
}

fn patch(json: &str) -> SourcePatch {
    let mut out = Vec::new();
    let patch = SourcePatch::read(&read_json(json).unwrap(), &mut out);
    assert!(out.is_empty(), "{json}: {out:?}");
    patch.unwrap()
}

#[test]
fn an_option_of_another_type_is_an_error_that_names_its_types() {
    for backend in BuiltIn::ALL.iter().filter(|it| !it.is_reserved()) {
        for field in OPTIONS {
            let OptionScope::Only(types) = field.scope else { continue };
            if matches!(field.name, "env_vars" | "kv") || types.contains(backend) {
                continue;
            }
            let json = format!(
                r#"{{"type": "{backend}", "id": "x", "options": {{"{}": "v"}}}}"#,
                field.name
            );
            let found = said(&json);
            let of_option = found.iter().find(|(at, ..)| *at == format!("\"{}\"", field.name));
            let (_, message, help) = of_option.unwrap_or_else(|| panic!("{json}: {found:?}"));
            assert!(message.starts_with(&format!("`{}` is for sources of type ", field.name)));
            assert!(message.contains("`aws-secrets-manager`"), "{message}");
            assert!(help.contains("remove `version_"), "{help}");
        }
    }
}

#[test]
fn a_region_is_ignored_outside_aws_and_every_type_has_the_common_options() {
    for backend in ["local", "env", "file", "prefect", "zenml", "aws-secrets-manager"] {
        let options =
            r#"{"region": "us-west-2", "json": true, "required": false, "env_var_name": "A"}"#;
        let json = format!(r#"{{"type": "{backend}", "id": "x", "options": {options}}}"#);
        assert_eq!(said(&json), [], "{json}");
    }
}

#[test]
fn a_type_of_the_user_may_have_any_option_and_any_role() {
    let json = r#"{"type": "my-vault", "id": "x", "role": "deployer", "options": {"engine": "kv", "wrap": true, "tags": {"a": "b"}, "json": true}}"#;
    let source = Source::from_json(json).unwrap();
    let options = source.options();
    assert_eq!(source.role().as_str(), Some("deployer"));
    assert_eq!(options.get("engine"), Some(OptionValue::Text("kv".to_owned())));
    assert_eq!(options.get("wrap"), Some(OptionValue::Flag(true)));
    assert_eq!(options.json, Some(true));
    let Some(OptionValue::Texts(tags)) = options.get("tags") else { panic!("{options:?}") };
    assert_eq!(tags.iter().collect::<Vec<_>>(), [("a", "b")]);
    // It parses back, but for sets of texts, which are masked.
    let plain = json.replace(r#""tags": {"a": "b"}, "#, "");
    let source = Source::from_json(&plain).unwrap();
    assert_eq!(Source::from_json(&source.to_string()).unwrap(), source);
    // What is no text, flag or set of texts is refused, and so are the known options' wrong kinds.
    assert_eq!(said(r#"{"type": "my-vault", "id": "x", "options": {"n": 5}}"#).len(), 1);
    assert_eq!(
        said(r#"{"type": "my-vault", "id": "x", "options": {"n": ["a"], "json": "no"}}"#).len(),
        2
    );
    assert_eq!(said(r#"{"type": "my-vault", "id": "x", "role": "a\u0007"}"#).len(), 1);
    // For a built-in type and for no type the role is the ARN of a role, and an unknown option a mistake.
    for backend in ["", r#""type": "local", "#] {
        let json =
            format!(r#"{{{backend}"id": "x", "role": "deployer", "options": {{"engine": "kv"}}}}"#);
        assert_eq!(said(&json).len(), 2, "{json}");
    }
}

#[test]
fn a_patch_replaces_what_it_names_and_nothing_else() {
    let code = Source::from_json(
        r#"{"id": "db", "role": "arn:aws:iam::123456789012:role/R", "options": {"json": false, "version_stage": "AWSPREVIOUS", "region": "us-west-2"}}"#,
    )
    .unwrap();
    let source = code.with_patch(&patch(r#"{"options": {"json": true}}"#));
    assert_eq!((source.id(), source.group(), source.role()), ("db", "db", code.role()));
    assert_eq!(source.options().json, Some(true));
    assert_eq!(source.options().version_stage.as_deref(), Some("AWSPREVIOUS"));
    // A version is one selector or both, never half of each.
    let source = code.with_patch(&patch(r#"{"id": "other", "options": {"version_id": "v"}}"#));
    let options = source.options();
    assert_eq!((source.id(), source.group()), ("other", "db"));
    assert_eq!(
        (options.version_id.as_deref(), options.version_stage.as_deref()),
        (Some("v"), None)
    );
    // A text replaces type and id.
    let source = code.with_patch(&patch(r#""local.laptop-db""#));
    assert_eq!(source.backend().map(|it| it.as_str()), Some("local"));
    assert_eq!((source.id(), source.group()), ("laptop-db", "db"));
}

#[test]
fn an_arn_without_a_type_takes_the_source_to_aws_and_inline_values_stay_behind() {
    let code = Source::from_json(
        r#"{"type": "inline", "id": "db", "options": {"env_vars": {"A": "SeNtInEl"}}}"#,
    )
    .unwrap();
    let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db";
    let source = code.with_patch(&patch(&format!(r#""{arn}""#)));
    assert_eq!((source.backend(), source.id(), source.group()), (None, arn, "db"));
    assert_eq!(source.options().env_vars, None);
    let source = code.with_patch(&patch(r#"{"role": ""}"#));
    assert!(source.options().env_vars.is_some());
}

#[test]
fn a_patch_has_no_group_and_says_something() {
    let read = |json: &str| {
        diagnostics(json, SourcePatch::read)
            .1
            .into_iter()
            .map(|(_, message, _)| message)
            .collect::<Vec<_>>()
    };
    assert_eq!(read("{}"), ["it maps to nothing"]);
    let messages = read(r#"{"group": "g", "id": "a b"}"#);
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert_eq!(messages[0], "the group of a mapped source stays as the code has it");
    assert_eq!(read(r#"{"tpye": "local"}"#), ["unknown field \"tpye\""]);
}

#[test]
fn a_format_is_one_of_three_and_agrees_with_json() {
    let read = |options: &str| {
        let json = format!(r#"{{"id": "x", "options": {options}}}"#);
        let messages = diagnostics(&json, read_source).1.into_iter();
        messages.map(|(_, message, help)| (message, help)).collect::<Vec<_>>()
    };
    for options in [
        r#"{"format": "json"}"#,
        r#"{"format": "dotenv"}"#,
        r#"{"format": "json", "json": true}"#,
        r#"{"format": "text", "json": false}"#,
    ] {
        assert_eq!(read(options), [], "{options}");
    }
    for (options, message, help) in [
        (r#"{"format": "dotnev"}"#, "a format is unknown", "did you mean `dotenv`?"),
        (r#"{"format": "yaml"}"#, "a format is unknown", "the formats are json, dotenv and text"),
        (r#"{"format": ""}"#, "a format is unknown", "the formats are json, dotenv and text"),
        (r#"{"format": true}"#, "`format` is a text, not true or false", "write"),
        (
            r#"{"format": "dotenv", "json": true}"#,
            "`json = true` contradicts `format = \"dotenv\"`",
            "remove one of the two",
        ),
        (
            r#"{"json": false, "format": "json"}"#,
            "`json = false` contradicts `format = \"json\"`",
            "remove one of the two",
        ),
    ] {
        let found = read(options);
        assert_eq!(found.len(), 1, "{options}: {found:?}");
        assert_eq!(found[0].0, message);
        assert!(found[0].1.starts_with(help), "{options}: {found:?}");
    }
}

#[test]
fn a_patch_with_json_or_format_replaces_both() {
    for (code, laid_over, json, format) in [
        (r#"{"json": true}"#, r#"{"format": "dotenv"}"#, None, Some("dotenv")),
        (r#"{"format": "dotenv"}"#, r#"{"json": true}"#, Some(true), None),
        (r#"{"format": "dotenv"}"#, r#"{"required": false}"#, None, Some("dotenv")),
    ] {
        let code = Source::from_json(&format!(r#"{{"id": "x", "options": {code}}}"#)).unwrap();
        let source = code.with_patch(&patch(&format!(r#"{{"options": {laid_over}}}"#)));
        assert_eq!(source.options().json, json);
        assert_eq!(source.options().format.as_deref(), format);
    }
}
