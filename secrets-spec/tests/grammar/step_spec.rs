//! The record of a step: what the macro writes is what the runtime reads.

use secrets_spec::{
    FieldName, GuardMode, Node, RECORD_END, RECORD_START, RecordPart, RecordPiece, RequestDraft,
    Secret, SourceDraft, StepDraft, StepSpec, TextNode, Value, read_json, read_requests,
    read_sources, record_bytes, record_len, record_text,
};

/// Reads a list in JSON, in which a text that begins with `$` stands for a constant of the rest.
fn with_constants(json: &str) -> Node<String> {
    fn replace<S>(node: &Node<S>) -> Node<String> {
        let mut at = String::new();
        let value = match &node.value {
            Value::Text(text) => match text.strip_prefix('$') {
                Some(name) => {
                    name.clone_into(&mut at);
                    Value::Constant
                }
                None => Value::Text(text.clone()),
            },
            Value::Bool(value) => Value::Bool(*value),
            Value::List(items) => Value::List(items.iter().map(replace).collect()),
            Value::Map(fields) => Value::Map(
                fields
                    .iter()
                    .map(|(name, node)| {
                        let name = FieldName { text: name.text.clone(), at: String::new() };
                        (name, replace(node))
                    })
                    .collect(),
            ),
            _ => Value::Broken,
        };
        Node { value, at }
    }
    replace(&read_json(json).unwrap())
}

struct Lists {
    sources: Vec<SourceDraft<String>>,
    requests: Vec<RequestDraft<String>>,
}

fn lists(sources: &str, requests: &str) -> Lists {
    let mut out = Vec::new();
    let sources = read_sources(&with_constants(sources), &mut out);
    let requests = read_requests(&with_constants(requests), &mut out);
    assert!(out.is_empty(), "{out:?}");
    Lists { sources, requests }
}

fn draft(lists: &Lists) -> StepDraft<'_, String> {
    StepDraft {
        name: "load",
        file: "src/a \"b\".rs",
        line: 12,
        sources: &lists.sources,
        requests: &lists.requests,
        parameters: Vec::new(),
        role: None,
        allow_override: false,
        export_process: false,
        serialize: false,
        guard: None,
    }
}

/// Joins the parts as the compiler does.
fn join(parts: &[RecordPart<'_, String>]) -> String {
    let pieces: Vec<RecordPiece> = parts
        .iter()
        .map(|part| match part {
            RecordPart::Text(text) => RecordPiece::Raw(text.clone().leak()),
            RecordPart::Module => RecordPiece::Raw("app::jobs"),
            RecordPart::Constant(text) => RecordPiece::Text(text.at.clone().leak()),
            RecordPart::Request(_) => {
                RecordPiece::Request(Secret::new("kv/\"db\"", "password").env_var("DB_PASSWORD"))
            }
        })
        .collect();
    let length = record_len(&pieces);
    let bytes = record_bytes::<4096>(&pieces);
    record_text(bytes[..length].to_vec().leak()).to_owned()
}

#[test]
fn what_is_encoded_is_decoded() {
    let lists = lists(
        r#"["prod-db", "aws-secrets-manager.prod/db", {"id": "a \"b\" \\", "type": "local", "group": "g", "role": "", "options": {"json": false, "version_stage": "AWSPREVIOUS", "required": false}}, {"id": "x", "type": "my-vault", "role": "deployer", "options": {"engine": "kv"}}]"#,
        r#"[{"group": "g", "key": "k", "group_version": "v2", "mount_requirement": "FILE", "env_var": "K"}, {"key": "alone"}]"#,
    );
    let text = TextNode { known: Some("prod-db".to_owned()), at: String::new() };
    let key = TextNode { known: Some("user".to_owned()), at: String::new() };
    let role =
        TextNode { known: Some("arn:aws:iam::123456789012:role/R".to_owned()), at: String::new() };
    let draft = StepDraft {
        parameters: vec![(&text, None), (&text, Some(&key))],
        role: Some(&role),
        allow_override: true,
        export_process: true,
        serialize: true,
        guard: Some(GuardMode::Warn),
        ..draft(&lists)
    };
    let record = join(&draft.encode());
    assert!(record.starts_with(RECORD_START) && record.ends_with(RECORD_END), "{record:?}");
    let step = StepSpec::decode(&record).unwrap();
    assert_eq!((step.name.as_str(), step.module.as_str()), ("load", "app::jobs"));
    assert_eq!((step.file.as_str(), step.line), ("src/a \"b\".rs", 12));
    let sources: Vec<_> =
        lists.sources.iter().map(|it| it.clone().into_source().unwrap()).collect();
    assert_eq!(step.sources, sources);
    let requests: Vec<_> =
        lists.requests.iter().map(|it| it.clone().into_request().unwrap()).collect();
    assert_eq!(step.requests, requests);
    assert_eq!(step.parameters.len(), 2);
    assert_eq!(step.parameters[1].key.as_deref(), Some("user"));
    assert_eq!(step.role.as_str(), Some("arn:aws:iam::123456789012:role/R"));
    assert!(step.allow_override && step.export_process && step.serialize);
    assert_eq!(step.guard, Some(GuardMode::Warn));
}

#[test]
fn constants_are_written_in_their_places() {
    let lists = lists(
        r#"["$prod-db", {"id": "$a \"b\" \\ c", "type": "local", "group": "$the group", "options": {"env_var_name": "$TOKEN"}}]"#,
        r#"["$REQUEST", {"group": "g", "key": "$k"}]"#,
    );
    let step = StepSpec::decode(&join(&draft(&lists).encode())).unwrap();
    assert_eq!(step.sources[0].id(), "prod-db");
    assert_eq!(step.sources[1].id(), "a \"b\" \\ c");
    assert_eq!(step.sources[1].group(), "the group");
    assert_eq!(step.sources[1].options().env_var_name.as_deref(), Some("TOKEN"));
    let [request, other] = step.requests.as_slice() else { panic!("{:?}", step.requests) };
    assert_eq!((request.view().group, request.view().key), ("kv/\"db\"", "password"));
    assert_eq!(request.view().env_var, Some("DB_PASSWORD"));
    assert_eq!(other.view().key, "k");
}

#[test]
fn a_record_has_no_value_of_an_inline_source() {
    let lists = lists(
        r#"[{"id": "a", "type": "inline", "options": {"env_vars": {"NAME": "SeNtInEl", "B": "$SeNtInEl"}}}]"#,
        "[]",
    );
    let record = join(&draft(&lists).encode());
    assert!(!record.contains("SeNtInEl") && record.contains("NAME"), "the record has a value");
    let step = StepSpec::decode(&record).unwrap();
    let names = step.sources[0].options().env_vars.as_ref().unwrap();
    assert_eq!(names.iter().collect::<Vec<_>>(), [("NAME", "***"), ("B", "***")]);
}

#[test]
fn members_that_are_not_known_are_ignored_and_a_damaged_record_is_an_error() {
    let decode = |json: &str| StepSpec::decode(&format!("{RECORD_START}{json}{RECORD_END}"));
    let step =
        decode(r#"{"step": "load", "trace": "deny", "sources": ["a"], "next": [1]}"#).unwrap();
    assert_eq!((step.name.as_str(), step.sources.len()), ("load", 1));
    for json in [
        "",
        "[]",
        "{}",
        "x",
        r#"{"step": 1}"#,
        r#"{"step": "a", "line": 1.5}"#,
        r#"{"step": "a", "line": -1}"#,
        r#"{"step": "a", "line": "1"}"#,
        r#"{"step": "a", "sources": ["a b"]}"#,
        r#"{"step": "a", "sources": "a"}"#,
        r#"{"step": "a", "parameters": [{"key": "k"}]}"#,
        r#"{"step": "a", "role": "\u0001"}"#,
        r#"{"step": "a", "guard": "denied"}"#,
        r#"{"step": "a", "guard": true}"#,
        r#"{"step": "a", "requests": [{"key": "a/b"}]}"#,
        r#"{"step": "a""#,
    ] {
        assert!(decode(json).is_err(), "{json}");
    }
    let whole = format!("{RECORD_START}{{\"step\":\"load\"}}{RECORD_END}");
    for cut in 0..whole.len() {
        assert!(StepSpec::decode(&whole[..cut]).is_err(), "{cut}");
    }
}
