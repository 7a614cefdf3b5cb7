//! The values of `inline` stand in what is read: no error and no `Debug` shows one, however badly it is written.

use secrets_spec::{
    Diagnostic, Node, Source, SourceDraft, SpecError, With, read_json, read_requests, read_source,
    read_sources,
};

/// A value in every way it can be written, and in places where it does not belong.
const VARS: &[&str] = &[
    r#"{"A": "SeNtInEl"}"#,
    r#"{"A": SeNtInEl}"#,
    r#"{"A": 'SeNtInEl'}"#,
    r#"{"A": `SeNtInEl`}"#,
    r#"{"A": “SeNtInEl”}"#,
    r#"{"A": ‘SeNtInEl’}"#,
    r#"{"A": "SeNtInEl}"#,
    r#"{"A": "SeNtInEl\q"}"#,
    r#"{"A": "SeNtInEl" SeNtInEl}"#,
    r#"{"A": 1SeNtInEl}"#,
    r#"{"A": ["SeNtInEl"]}"#,
    r#"{"A": ["SeNtInEl", SeNtInEl]}"#,
    r#"{"A": {"b": 'SeNtInEl'}}"#,
    r#"{"A": "SeNtInEl", "A": "SeNtInEl"}"#,
    r#"{"A": "x,SeNtInEl=y,SeNtInEl,SeNtInEl"}"#,
    r#"{'A': 'x,SeNtInEl=y,SeNtInEl,SeNtInEl'}"#,
    r#"{"a-b": "SeNtInEl"}"#,
    r#"{A: SeNtInEl}"#,
    r#"{"A": "x"}}}, SeNtInEl, {{"#,
    r#"{"A": "x"}}}, 'SeNtInEl', {{"#,
    r#"["SeNtInEl"]"#,
    r#"[SeNtInEl]"#,
    r#""SeNtInEl""#,
    "SeNtInEl",
    "'SeNtInEl'",
];

/// Sources with these values, under the option's name and under misspelled ones.
fn sources() -> impl Iterator<Item = String> {
    let names = ["env_vars", "env_var", "env\\u005fvars", "envvars", "region", "json"];
    VARS.iter().flat_map(move |vars| {
        names.into_iter().flat_map(move |name| {
            let quoted = format!("\"{name}\"");
            [quoted, format!("'{name}'"), name.to_owned()].into_iter().flat_map(move |name| {
                [
                    format!(r#"{{"id": "a", "type": "inline", "options": {{{name}: {vars}}}}}"#),
                    format!(r#"{{"options": {{{name}: {vars}}}, "id": "a", "type": "inline"}}"#),
                    format!(r#"{{"id": "a", "type": "inline", "optons": {{{name}: {vars}}}}}"#),
                    format!(r#"{{"id": "a", "type": "inline", {name}: {vars}}}"#),
                    format!("{{{name}: {vars}}}"),
                ]
            })
        })
    })
}

#[track_caller]
fn hidden(shown: &str, of: &str) {
    assert!(!shown.contains("SeNtInEl"), "{of}\ngives {shown}");
}

#[track_caller]
fn hidden_errors(errors: impl IntoIterator<Item = SpecError>, of: &str) {
    for error in errors {
        hidden(&format!("{error} {error:?}"), of);
    }
}

fn hidden_reading(json: &str) {
    let node = match read_json(json) {
        Ok(node) => node,
        Err(error) => return hidden_errors([error], json),
    };
    hidden(&format!("{node:?}"), json);
    type At = std::ops::Range<usize>;
    type Read = fn(&Node<At>, &mut Vec<Diagnostic<At>>) -> String;
    let readers: [Read; 3] = [
        |node, out| format!("{:?}", read_source(node, out)),
        |node, out| format!("{:?}", read_sources(node, out)),
        |node, out| format!("{:?}", read_requests(node, out)),
    ];
    for read in readers {
        let mut diagnostics = Vec::new();
        hidden(&read(&node, &mut diagnostics), json);
        hidden(&format!("{diagnostics:?}"), json);
        hidden_errors(diagnostics.into_iter().map(SpecError::from), json);
    }
}

#[test]
fn no_reader_shows_one() {
    for source in sources() {
        let source = source.as_str();
        let cut = &source[..source.len() - 1];
        for json in [source, cut, &format!("[{source}]"), &format!("[{cut}]"), &format!("[{cut}")] {
            hidden_reading(json);
            hidden_errors(Source::from_json(json).err(), json);
            hidden_errors(Source::parse(json).err(), json);
            // The whole of it as one text.
            hidden_reading(&serde_json::Value::from(json).to_string());
            hidden_reading(&serde_json::json!([json]).to_string());
            hidden_reading(&format!("['{json}']"));
            hidden_reading(&format!("[‘{json}"));
        }
    }
}

#[test]
fn no_text_at_launch_shows_one() {
    for source in sources() {
        for text in [
            format!("secrets:sources=[{source}]"),
            format!("secrets:sources=[{}", &source[1..]),
            format!("secrets:sources={source}"),
            format!("secrets:sources={source},role=r"),
            format!("secrets:sources='[{source}]'"),
            format!("secrets:sources=\"a\", {source}"),
            format!("secrets:sources='a', {source}"),
            format!("secrets:sources=a, {source}"),
            format!("secrets:sources={}", &source[1..]),
            format!("secrets:sources={}", serde_json::Value::from(source.as_str())),
            format!("secrets:sorces=[{source}]"),
            format!("secrets:sorces='[{source}]'"),
            format!("secrets:role=[{source}]"),
            format!("secrets:role={source}"),
            format!("secrets:allow_override=[{source}]"),
            format!("secrets:[{source}]"),
            format!("secrets:{source}"),
            format!("secrets[{source}]"),
            source.clone(),
        ] {
            match With::parse(&text) {
                Ok(with) => hidden(&format!("{with} {with:?}"), &text),
                Err(errors) => hidden_errors(errors, &text),
            }
        }
    }
}

#[test]
fn no_draft_shows_one() {
    let json = r#"{"type": "inline", "id": "a", "options": {"env_vars": {"A": "SeNtInEl"}}}"#;
    let node = read_json(json).unwrap();
    let draft: SourceDraft<_> = read_source(&node, &mut Vec::new()).unwrap();
    let vars = draft.options.env_vars.as_ref().unwrap();
    assert_eq!(vars[0].1.known.as_deref(), Some("SeNtInEl"));
    hidden(&format!("{vars:?}"), json);
    hidden(&format!("{draft:?}"), json);
    hidden(&format!("{node:?} {:?}", node.value), json);
    // The names are there, for whoever debugs.
    assert!(format!("{draft:?}").contains("[\"A\"]"), "{draft:?}");
    // A whole source in quotes is a text like any other, until it is refused.
    let text = read_json(&serde_json::Value::from(json).to_string()).unwrap();
    hidden(&format!("{:?}", read_source(&text, &mut Vec::new())), json);
}

#[test]
fn a_bare_word_in_the_list_is_written_for_whoever_forgot_its_quotes() {
    let help = |json: &str| read_json(json).unwrap_err().help().map(str::to_owned);
    for list in ["[test-db]", "['test-db']", "[“test-db”]", "[\"a\", test-db]", "test-db"] {
        assert_eq!(help(list).as_deref(), Some("write \"test-db\""), "{list}");
    }
    // What is no name, and whatever stands in an object or after one.
    for list in ["[A=b]", "[a:b]", "['a b']", "[{\"id\": test-db}]", "[{}, test-db]", "[[test-db]]"]
    {
        assert_eq!(help(list).as_deref(), Some("write it in double quotes"), "{list}");
    }
}
