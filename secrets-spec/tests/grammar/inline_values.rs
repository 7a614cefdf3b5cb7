//! No error and no `Debug` shows a value of an `inline` source, even if the text around it is malformed.

use secrets_spec::{
    Diagnostic, Node, Source, SourceDraft, SpecError, With, read_json, read_requests, read_source,
    read_sources,
};

/// `env_vars` with a value in every spelling, valid or malformed, and in the wrong places.
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

/// Sources with these values, under the correct name of the option and under misspelled ones.
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
fn assert_hidden(shown: &str, of: &str) {
    assert!(!shown.contains("SeNtInEl"), "{of}\nshows {shown}");
}

#[track_caller]
fn assert_hidden_errors(errors: impl IntoIterator<Item = SpecError>, of: &str) {
    for error in errors {
        assert_hidden(&format!("{error} {error:?}"), of);
    }
}

fn assert_hidden_reading(json: &str) {
    let node = match read_json(json) {
        Ok(node) => node,
        Err(error) => return assert_hidden_errors([error], json),
    };
    assert_hidden(&format!("{node:?}"), json);
    type At = std::ops::Range<usize>;
    type Read = fn(&Node<At>, &mut Vec<Diagnostic<At>>) -> String;
    let readers: [Read; 3] = [
        |node, out| format!("{:?}", read_source(node, out)),
        |node, out| format!("{:?}", read_sources(node, out)),
        |node, out| format!("{:?}", read_requests(node, out)),
    ];
    for read in readers {
        let mut diagnostics = Vec::new();
        assert_hidden(&read(&node, &mut diagnostics), json);
        assert_hidden(&format!("{diagnostics:?}"), json);
        assert_hidden_errors(diagnostics.into_iter().map(SpecError::from), json);
    }
}

#[test]
fn no_reader_shows_an_inline_value() {
    for source in sources() {
        let source = source.as_str();
        let cut = &source[..source.len() - 1];
        for json in [source, cut, &format!("[{source}]"), &format!("[{cut}]"), &format!("[{cut}")] {
            assert_hidden_reading(json);
            assert_hidden_errors(Source::from_json(json).err(), json);
            assert_hidden_errors(Source::parse(json).err(), json);
            // The whole source as one text.
            assert_hidden_reading(&serde_json::Value::from(json).to_string());
            assert_hidden_reading(&serde_json::json!([json]).to_string());
            assert_hidden_reading(&format!("['{json}']"));
            assert_hidden_reading(&format!("[‘{json}"));
        }
    }
}

#[test]
fn no_launch_option_shows_an_inline_value() {
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
                Ok(with) => assert_hidden(&format!("{with} {with:?}"), &text),
                Err(errors) => assert_hidden_errors(errors, &text),
            }
        }
    }
}

#[test]
fn no_draft_shows_an_inline_value() {
    let json = r#"{"type": "inline", "id": "a", "options": {"env_vars": {"A": "SeNtInEl"}}}"#;
    let node = read_json(json).unwrap();
    let draft: SourceDraft<_> = read_source(&node, &mut Vec::new()).unwrap();
    let vars = draft.options.env_vars.as_ref().unwrap();
    assert_eq!(vars[0].1.known.as_deref(), Some("SeNtInEl"));
    assert_hidden(&format!("{vars:?}"), json);
    assert_hidden(&format!("{draft:?}"), json);
    assert_hidden(&format!("{node:?} {:?}", node.value), json);
    // `Debug` still shows the names.
    assert!(format!("{draft:?}").contains("[\"A\"]"), "{draft:?}");
    // A whole source in quotes is an ordinary text until it is rejected.
    let text = read_json(&serde_json::Value::from(json).to_string()).unwrap();
    assert_hidden(&format!("{:?}", read_source(&text, &mut Vec::new())), json);
}

#[test]
fn the_help_quotes_an_unquoted_source_in_the_list() {
    let help = |json: &str| read_json(json).unwrap_err().help().map(str::to_owned);
    for list in ["[test-db]", "['test-db']", "[“test-db”]", "[\"a\", test-db]", "test-db"] {
        assert_eq!(help(list).as_deref(), Some("write \"test-db\""), "{list}");
    }
    // Words that are not sources, and everything inside or after an object.
    for list in ["[A=b]", "[a:b]", "['a b']", "[{\"id\": test-db}]", "[{}, test-db]", "[[test-db]]"]
    {
        assert_eq!(help(list).as_deref(), Some("write it in double quotes"), "{list}");
    }
}
