//! Sources with fields, from JSON and attributes: types, typos, and several mistakes at once.

use secrets_spec::{
    BackendType, Node, OPTIONS, PayloadFormat, SOURCE_FIELDS, Source, SourceDraft, SourceRole,
    Value, read_source, read_sources,
};

use crate::support::diagnostics;

fn said(json: &str) -> Vec<(String, String, String)> {
    diagnostics(json, read_source).1
}

#[track_caller]
fn one(json: &str) -> (String, String, String) {
    let mut said = said(json);
    assert_eq!(said.len(), 1, "{json}: {said:?}");
    said.remove(0)
}

#[test]
fn every_field_and_option_is_read() {
    let text = r#"{"id": "x.y", "type": "aws-secrets-manager", "group": "db", "role": "arn:aws:iam::123456789012:role/r",
        "options": {"json": false, "format": "text", "env_var_name": "TOKEN", "region": "us-west-2", "version_id": "v", "version_stage": "AWSPREVIOUS", "required": false}}"#;
    let source = Source::from_json(text).unwrap();
    let options = source.options();
    assert_eq!((source.id(), source.group(), source.alias()), ("x.y", "db", Some("db")));
    assert_eq!(source.backend().map(BackendType::as_str), Some("aws-secrets-manager"));
    assert_eq!(source.role().as_str(), Some("arn:aws:iam::123456789012:role/r"));
    assert_eq!(
        (options.json, options.required, options.is_required()),
        (Some(false), Some(false), false)
    );
    assert_eq!(options.format.as_deref(), Some("text"));
    assert_eq!(options.payload_format(), Some(PayloadFormat::Text));
    assert_eq!(options.env_var_name.as_deref(), Some("TOKEN"));
    assert_eq!(options.region.as_deref(), Some("us-west-2"));
    assert_eq!(options.version_id.as_deref(), Some("v"));
    assert_eq!(options.version_stage.as_deref(), Some("AWSPREVIOUS"));
    // This test covers every field and option.
    assert_eq!(SOURCE_FIELDS, ["id", "type", "options", "role", "group"]);
    let vault = r#"{"id": "secret/db", "type": "vault", "options": {"kv": 2}}"#;
    assert_eq!(Source::from_json(vault).unwrap().options().kv, Some(2));
    assert_eq!(OPTIONS.len(), 9);
}

#[test]
fn the_version_of_vaults_kv_is_one_of_two_numbers() {
    for (kv, message, help) in [
        ("3", "`kv` cannot be this number", "write 1 or 2"),
        ("-1", "`kv` cannot be this number", "write 1 or 2"),
        ("\"2\"", "`kv` is a number, not a text", "write 1"),
        ("true", "`kv` is a number, not true or false", "write 1"),
    ] {
        let json = format!(r#"{{"id": "secret/db", "type": "vault", "options": {{"kv": {kv}}}}}"#);
        let (_, found, advice) = one(&json);
        assert_eq!((found.as_str(), advice.as_str()), (message, help));
    }
    let (_, found, advice) = one(r#"{"id": "db", "type": "local", "options": {"kv": 2}}"#);
    assert_eq!(found, "`kv` is for sources of type `vault`");
    assert!(advice.contains("type = \"vault\""), "{advice}");
}

#[test]
fn inline_values_are_read_in_order_and_shown_nowhere() {
    let text = r#"{"type": "inline", "id": "1", "options": {"env_vars": {"b": "SeNtInEl-1", "A": "SeNtInEl-2"}}}"#;
    let source = Source::from_json(text).unwrap();
    let vars: Vec<_> = source.options().env_vars.as_ref().unwrap().iter().collect();
    assert_eq!(vars, [("b", "SeNtInEl-1"), ("A", "SeNtInEl-2")]);
    let (draft, _) = diagnostics(text, read_source);
    let node = secrets_spec::read_json(text).unwrap();
    for shown in
        [format!("{source}"), format!("{source:?}"), format!("{draft:?}"), format!("{node:?}")]
    {
        assert!(!shown.contains("SeNtInEl"), "{shown}");
    }
    assert!(format!("{source:?}").contains("[REDACTED]"));
}

#[test]
fn no_error_shows_a_value_of_inline() {
    for json in [
        r#"{"type": "inline", "id": "1", "options": {"env_vars": {"A": SeNtInEl}}}"#,
        r#"{"type": "inline", "id": "1", "options": {"env_vars": {"A": 'SeNtInEl'}}}"#,
        r#"{"type": "inline", "id": "1", "options": {"env_vars": {"A": “SeNtInEl”}}}"#,
        r#"{"type": "inline", "id": "1", "options": {"env_vars": {"A": "SeNtInEl}}}"#,
        r#"{"type": "inline", "id": "1", "options": {"env_vars": {"A": "SeNtInEl\q"}}}"#,
        r#"{"type": "inline", "id": "1", "options": {"env_vars": {"A": ["SeNtInEl"]}}}"#,
        r#"{"type": "inline", "id": "1", "options": {"env_vars": {"a-b": "SeNtInEl"}}}"#,
        r#"{"type": "inline", "id": "1", "options": {"env_vars": "SeNtInEl"}}"#,
        r#"{"type": "local", "id": "1", "options": {"env_vars": {"A": "SeNtInEl"}}}"#,
        r#"{"type": "inline", "id": "1", "options": {"env_vars": {"A": 1SeNtInEl}}}"#,
    ] {
        let error = Source::from_json(json).expect_err(json);
        assert!(!error.to_string().contains("SeNtInEl"), "{error}");
        assert!(!format!("{error:?}").contains("SeNtInEl"), "{error:?}");
    }
    // This is not a value of an `inline` source, but the reader cannot know that before the whole text is read.
    let error = Source::from_json("{\"id\": prod-db}").unwrap_err();
    assert_eq!(error.help(), Some("write it in double quotes"));
}

#[test]
fn a_missing_id_is_reported_unless_an_unknown_field_may_be_it() {
    assert_eq!(one(r#"{"ID": "x"}"#).2, "did you mean `id`?");
    let said = said(r#"{"type": "Local"}"#);
    assert_eq!(said.len(), 2, "{said:?}");
}

#[test]
fn one_mistake_does_not_hide_another() {
    for (json, count) in [
        (r#"{"id": "", "type": "inlin", "options": {"json": "false"}}"#, 3),
        (r#"{"id": "", "type": "aws-secret-manager"}"#, 2),
        (r#"{"id": "", "type": "Local", "group": "", "role": 5}"#, 4),
        (r#"{"id": "", "typ": "local", "options": {"jsn": true, "version_id": ""}}"#, 4),
        (r#"{"id": "a", "type": "inlin"}"#, 1),
        (r#"{"id": "a b", "type": "lcal"}"#, 1),
    ] {
        let said = said(json);
        assert_eq!(said.len(), count, "{json}: {said:?}");
    }
    for (json, count) in [
        (r#"[{"group": "", "key": "", "envvar": "X"}]"#, 2),
        (r#"[{"group": "g", "key": "a/b", "mount": "FILE", "group_versoin": ""}]"#, 2),
        (r#"[{"group": "g", "key": "a/b", "env_vr": "X"}]"#, 2),
        (r#"[{"grop": "g", "key": ""}]"#, 1),
    ] {
        let (_, said) = diagnostics(json, secrets_spec::read_requests);
        assert_eq!(said.len(), count, "{json}: {said:?}");
    }
}

#[test]
fn the_help_for_unknown_fields_and_options_is_the_nearest_name() {
    for (json, message, help) in [
        (
            r#"{"id": "x", "options": {"jsn": false}}"#,
            "unknown option \"jsn\"",
            "did you mean `json`?",
        ),
        (
            r#"{"id": "x", "options": {"JSON": false}}"#,
            "unknown option \"JSON\"",
            "did you mean `json`?",
        ),
        (
            r#"{"id": "x", "options": {"env_var_nam": "A"}}"#,
            "unknown option \"env_var_nam\"",
            "did you mean `env_var_name`?",
        ),
        (
            r#"{"id": "x", "options": {"env-var-name": "A"}}"#,
            "unknown option \"env-var-name\"",
            "did you mean `env_var_name`?",
        ),
        (
            r#"{"id": "x", "options": {"versionid": "A"}}"#,
            "unknown option \"versionid\"",
            "did you mean `version_id`?",
        ),
        (r#"{"id": "x", "option": {}}"#, "unknown field \"option\"", "did you mean `options`?"),
        (
            r#"{"id": "x", "options": {"version": "1"}}"#,
            "unknown option \"version\"",
            "did you mean `version_id` or `version_stage`?",
        ),
        (
            r#"{"id": "x", "options": {"env_var": "A"}}"#,
            "unknown option \"env_var\"",
            "did you mean `env_var_name`?",
        ),
        (
            r#"{"group": "db", "key": "password"}"#,
            "this is a request, not a source",
            "a request goes into `secret_requests`; a source has an `id`: { id = \"prod-db\" }",
        ),
        (r#"{"id": "x", "rol": ""}"#, "unknown field \"rol\"", "did you mean `role`?"),
        (r#"{"id": "x", "typ": "local"}"#, "unknown field \"typ\"", "did you mean `type`?"),
        (
            r#"{"id": "x", "nonsense": 1}"#,
            "unknown field \"nonsense\"",
            "the fields are id, type, options, role, group",
        ),
    ] {
        let (_, found, said) = one(json);
        assert_eq!((found.as_str(), said.as_str()), (message, help), "{json}");
    }
    let (_, _, help) = one(r#"{"id": "x", "options": {"a": "b"}}"#);
    assert_eq!(
        help,
        format!(
            "the options are {}",
            OPTIONS.iter().map(|field| field.name).collect::<Vec<_>>().join(", ")
        )
    );
}

#[test]
fn a_field_or_option_of_the_wrong_type_is_an_error() {
    for (json, at, message, help) in [
        (r#"{"id": 42}"#, "42", "`id` is a text, not a number", "write it in double quotes"),
        (r#"{"id": null}"#, "null", "`id` is a text, not null", "write \"..\""),
        (r#"{"id": "x", "type": 42}"#, "42", "`type` is a text, not a number", "write \"local\""),
        (r#"{"id": "x", "type": null}"#, "null", "`type` is a text, not null", "write \"local\""),
        (
            r#"{"id": "x", "role": 42}"#,
            "42",
            "`role` is a text, not a number",
            "write \"arn:aws:iam::123456789012:role/NAME\"",
        ),
        (
            r#"{"id": "x", "group": true}"#,
            "true",
            "`group` is a text, not true or false",
            "write it in double quotes",
        ),
        (
            r#"{"id": "x", "options": []}"#,
            "[]",
            "`options` is a set of options, not a list",
            "write { json = false }",
        ),
        (
            r#"{"id": "x", "options": null}"#,
            "null",
            "`options` is a set of options, not null",
            "write { json = false }",
        ),
        (
            r#"{"id": "x", "options": {"json": "false"}}"#,
            "\"false\"",
            "`json` is true or false, not a text",
            "write false",
        ),
        (
            r#"{"id": "x", "options": {"json": "True"}}"#,
            "\"True\"",
            "`json` is true or false, not a text",
            "write true",
        ),
        (
            r#"{"id": "x", "options": {"json": 0}}"#,
            "0",
            "`json` is true or false, not a number",
            "write true or false",
        ),
        (
            r#"{"id": "x", "options": {"required": null}}"#,
            "null",
            "`required` is true or false, not null",
            "write true or false",
        ),
        (
            r#"{"id": "x", "options": {"env_var_name": 5}}"#,
            "5",
            "`env_var_name` is a text, not a number",
            "write \"DB_PASSWORD\"",
        ),
        (
            r#"{"id": "x", "options": {"region": {}}}"#,
            "{}",
            "`region` is a text, not a set of fields",
            "write \"us-west-2\"",
        ),
        // An `inline` variable with the name of a field gets the help for variables, which does not quote the value.
        (
            r#"{"id": "x", "type": "inline", "options": {"env_vars": {"role": 5}}}"#,
            "5",
            "`role` is a text, not a number",
            "write it in double quotes",
        ),
    ] {
        let (found, said, helped) = one(json);
        assert_eq!((found.as_str(), said.as_str(), helped.as_str()), (at, message, help), "{json}");
    }
}

#[test]
fn texts_of_fields_are_checked() {
    for (json, message) in [
        (r#"{"id": ""}"#, "a secret's name is empty"),
        (r#"{"id": "my secret"}"#, "a secret's name holds a character that it cannot have: \" \""),
        (r#"{"id": "x", "type": ""}"#, "a backend type is empty"),
        (
            r#"{"id": "x", "type": "aws-secret-manager"}"#,
            "this is not a backend type, but nearly one",
        ),
        (r#"{"id": "x", "group": ""}"#, "a group is empty"),
        (r#"{"id": "x", "role": "r"}"#, "a role is not the ARN of a role"),
        (r#"{"id": "../x", "type": "file"}"#, "a path leads out of its folder: \"..\""),
        (r#"{"id": "x", "options": {"region": "oregon"}}"#, "a region is malformed"),
        (
            r#"{"id": "x", "options": {"env_var_name": "9x"}}"#,
            "a variable's name starts with a digit: \"9\"",
        ),
        (
            r#"{"id": "x", "options": {"env_var_name": "METAFLOW_X"}}"#,
            "a variable's name is reserved",
        ),
        (
            r#"{"id": "x", "options": {"env_var_name": "SECRETS-X"}}"#,
            "a variable's name is reserved",
        ),
        (
            r#"{"id": "x", "options": {"version_id": ""}}"#,
            "a version selector is empty, longer than 256 bytes or holds a control character",
        ),
        (r#"{"type": "local"}"#, "a source has no `id`"),
        (r#"{"id": "x", "type": "inline"}"#, "an `inline` source has no values"),
        (
            r#"{"id": "x", "options": {"env_vars": {}}}"#,
            "`env_vars` is for sources of type `inline`",
        ),
        (r#"{"id": "x", "id": "y"}"#, "the field `id` is given twice"),
        (
            r#"{"id": "x", "options": {"json": true, "json": true}}"#,
            "the option `json` is given twice",
        ),
        (
            r#"{"id": "x", "type": "inline", "options": {"env_vars": {"A": "1", "A": "2"}}}"#,
            "the variable `A` is given twice",
        ),
    ] {
        assert_eq!(one(json).1, message, "{json}");
    }
}

#[test]
fn an_empty_env_var_name_is_unset_and_a_null_role_is_inherited() {
    let source =
        Source::from_json(r#"{"id": "x", "role": null, "options": {"env_var_name": ""}}"#).unwrap();
    assert_eq!((source.role(), &source.options().env_var_name), (&SourceRole::Inherit, &None));
    let source = Source::from_json(r#"{"id": "x", "role": ""}"#).unwrap();
    assert_eq!(source.role(), &SourceRole::OptOut);
    assert!(source.options().is_required());
}

#[test]
fn all_mistakes_are_reported_in_order() {
    let json = r#"["a b", {"id": "", "options": {"json": 1, "regn": "x"}}, 42, {"type": "Local", "id": "y"}]"#;
    let (drafts, said) = diagnostics(json, read_sources);
    let at: Vec<_> = said.iter().map(|(at, ..)| at.as_str()).collect();
    assert_eq!(at, ["\"a b\"", "\"regn\"", "1", "\"\"", "42", "\"Local\""], "{said:?}");
    assert_eq!(drafts.len(), 3);
    assert!(
        drafts.into_iter().all(|draft| draft.into_source().is_none()),
        "a bad draft made a source"
    );
}

#[test]
fn sources_must_be_a_list() {
    for (json, message, help) in [
        (r#""ab""#, "`sources` is a list, not a text", "write it in brackets: [\"ab\"]"),
        ("null", "`sources` is a list, not null", "write them in brackets: [\"prod-db\"]"),
        (
            r#"{"id": "x"}"#,
            "`sources` is a list, not a set of fields",
            "write them in brackets: [\"prod-db\"]",
        ),
    ] {
        let (_, said) = diagnostics(json, read_sources);
        assert_eq!(said, [(json.to_owned(), message.to_owned(), help.to_owned())]);
    }
    assert!(diagnostics("[]", read_sources).1.is_empty());
}

#[test]
fn constants_are_left_to_the_compiler() {
    let node = |value| Node { value, at: 7 };
    let mut said = Vec::new();
    let draft = read_source(&node(Value::Constant), &mut said).unwrap();
    assert_eq!((draft.group_text(), draft.clone().into_source()), (None, None));
    let text = |text: &str| node(Value::Text(text.to_owned()));
    let draft = read_source(&text("aws-secrets-manager.prod/db"), &mut said).unwrap();
    assert_eq!(draft.group_text(), Some("prod/db"));
    assert!(said.is_empty());
    // A syntax error that has been reported already is not reported again.
    assert!(read_source(&node(Value::Broken), &mut said).is_none());
    assert!(said.is_empty());
}

#[test]
fn an_invalid_draft_does_not_become_a_source() {
    let mut said = Vec::new();
    let text = |text: &str| secrets_spec::TextNode { known: Some(text.to_owned()), at: () };
    let node = Node { value: Value::Text("x".to_owned()), at: () };
    let good = SourceDraft { with_fields: true, ..read_source(&node, &mut said).unwrap() };
    assert!(good.clone().into_source().is_some());
    for bad in [
        SourceDraft { id: text("a b"), ..good.clone() },
        SourceDraft { backend: Some(text("Local")), ..good.clone() },
        SourceDraft { group: Some(text("")), ..good.clone() },
        SourceDraft { role: Some(text("r")), ..good.clone() },
    ] {
        assert_eq!(bad.into_source(), None);
    }
}
