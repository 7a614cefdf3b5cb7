use secrets_runtime::{Declaration, ErrorKind, Resolver, get_secret_blocking};
use secrets_tests::table::{Table, assert_no_value, install};

/// The kind and the text of the error of a source of the table.
fn failure(source: &str) -> (ErrorKind, String) {
    install();
    let error = get_secret_blocking(source).expect_err(source);
    let text = format!("{error}");
    assert_no_value(&text);
    let problem = &error.problems()[0];
    assert!(!problem.origin().is_empty(), "{text}");
    assert!(problem.help().is_some(), "no help: {text}");
    (error.kind(), text)
}

#[test]
fn names_outside_the_grammar_are_refused_before_any_backend_is_asked() {
    let long = "x".repeat(513);
    let names = [
        "",
        " ",
        "a b",
        "a\0b",
        "a\nb",
        "a\u{7f}",
        "pässword",
        "a\u{200b}b",
        "a:b",
        "a\\b",
        "a*",
        &long,
    ];
    for name in names {
        install();
        let error = get_secret_blocking(name).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::InvalidSource, "{name:?}: {error}");
        assert!(error.problems()[0].help().is_some(), "{error}");
        let text = error.to_string();
        assert!(
            !text.contains(['\0', '\u{7f}', '\u{200b}']),
            "a control character is printed: {text:?}"
        );
    }
    assert_eq!(failure(&"x".repeat(512)).0, ErrorKind::NotFound);
    // `..` is a name like any other but where names are paths.
    assert_eq!(failure("..").0, ErrorKind::NotFound);
    for path in ["file...", "file./etc/passwd", "file.a/../../b", "file.a//b", "file."] {
        install();
        let kind = get_secret_blocking(path).expect_err(path).kind();
        assert!(
            matches!(kind, ErrorKind::InvalidName | ErrorKind::InvalidSource),
            "{path}: {kind}"
        );
    }
}

#[test]
fn malformed_payloads_are_undecodable_and_shown_nowhere() {
    for source in ["bad-json", "list", "twice", "surrogate", "nan", "trailing", "bom"] {
        let (kind, text) = failure(source);
        assert_eq!(kind, ErrorKind::Undecodable, "{text}");
        assert!(text.contains(source), "{text}");
    }
}

#[test]
fn json_that_is_asked_for_as_text_is_text() {
    install();
    for id in ["bad-json", "list", "twice", "bom"] {
        let source = format!(r#"{{"id": "{id}", "options": {{"json": false}}}}"#);
        let secrets = get_secret_blocking(&source).unwrap();
        assert!(secrets.get(id, &id.replace('-', "_")).is_ok(), "{id}");
    }
    // A text that is not a JSON object cannot be read as one.
    let kind = failure(r#"{"id": "plain", "options": {"json": true}}"#).0;
    assert_eq!(kind, ErrorKind::Undecodable);
}

#[test]
fn a_value_has_at_most_64_kib() {
    install();
    assert!(get_secret_blocking("long").is_ok());
    let (kind, text) = failure("too-long");
    assert_eq!(kind, ErrorKind::InvalidValue);
    assert!(text.contains("65537") && text.contains("65536"), "{text}");
}

#[test]
fn bytes_are_bytes() {
    install();
    let secrets = get_secret_blocking("binary").unwrap();
    let value = secrets.get("binary", "binary").unwrap();
    assert_eq!(value.expose_bytes(), b"SeNtInEl\xff\x00");
    assert_eq!(value.expose_str().unwrap_err().kind(), ErrorKind::Undecodable);
    assert_eq!(secrets.var("binary").unwrap().expose_str().unwrap(), "U2VOdEluRWz/AA==");
}

#[test]
fn numbers_and_nested_values_keep_their_text_and_null_is_absent() {
    install();
    let secrets = get_secret_blocking("db").unwrap();
    let text = |key: &str| secrets.get("db", key).map(|v| v.expose_str().unwrap().to_owned());
    assert_eq!(text("port").unwrap(), "5432");
    assert_eq!(text("ratio").unwrap(), "1.50");
    assert_eq!(text("on").unwrap(), "true");
    let error = text("none").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeyNotFound);
    let help = error.problems()[0].help().unwrap();
    assert!(help.contains("`password`") && help.contains("`ratio`"), "{help}");
}

#[test]
fn every_mistake_of_a_source_written_in_json_is_reported() {
    install();
    let source = r#"{"id": "a b", "tipe": "local", "options": {"json": "false", "env_var": "X", "region": "nowhere"}}"#;
    let error = get_secret_blocking(source).unwrap_err();
    assert_eq!(error.problems().len(), 5, "{error}");
    assert_eq!(error.kind(), ErrorKind::InvalidSource);
    let text = error.to_string();
    assert!(text.contains("did you mean `type`"), "{text}");
}

#[test]
fn backends_that_are_not_there() {
    assert_eq!(failure(r#"{"id": "x", "type": "az-key-vault"}"#).0, ErrorKind::NotSupported);
    let (kind, text) = failure(r#"{"id": "x", "type": "my-vault"}"#);
    assert_eq!(kind, ErrorKind::InvalidConfig);
    assert!(text.contains("`table`") && text.contains("`local`"), "{text}");

    let unknown =
        Resolver::builder().backend(Table).default_backend("tabel-of-mine").build().unwrap();
    let declaration = Declaration::builder("step").source("db").unwrap().build();
    let error = unknown.resolve_blocking(&declaration).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    let misspelt =
        Resolver::builder().default_backend("aws-secret-manager").role("nonsense").build();
    let error = misspelt.unwrap_err();
    assert_eq!(error.problems().len(), 2, "{error}");
    assert!(error.to_string().contains("aws-secrets-manager"), "{error}");
}

#[test]
fn declarations_refuse_what_the_attribute_refuses() {
    let builder = || Declaration::builder("step");
    assert!(builder().source("db").unwrap().source("db").unwrap().build().step().is_some());
    let other = r#"{"id": "db", "options": {"json": false}}"#;
    let error = builder().source("db").unwrap().source(other).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSource);
    assert!(error.to_string().contains("group"), "{error}");
    assert_eq!(builder().request("", "").unwrap_err().kind(), ErrorKind::InvalidSource);
    assert_eq!(builder().request("a", "b/c").unwrap_err().kind(), ErrorKind::InvalidSource);
    assert!(builder().request("a/b", "c").is_ok());
    let clash = builder().request("db", "k").unwrap().request("DB", "K").unwrap_err();
    assert!(clash.to_string().contains("case"), "{clash}");
    assert_eq!(builder().role("SecretsAccess").unwrap_err().kind(), ErrorKind::InvalidSource);
    assert!(builder().role("").is_ok());
}
