use proptest::prelude::*;
use secrets_spec::{SourceRole, With};

use crate::support::pointed;

fn with(text: &str) -> With {
    With::parse(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"))
}

/// Returns the only error: the text in its range, its message and its help.
#[track_caller]
fn error(text: &str) -> (&str, String, String) {
    let errors = With::parse(text).expect_err(text);
    assert_eq!(errors.len(), 1, "{text}: {errors:?}");
    let error = &errors[0];
    (pointed(error, text), error.message().to_owned(), error.help().unwrap().to_owned())
}

#[test]
fn sources_role_and_override_are_parsed() {
    let text = r#"secrets:sources=["test-db", {"id": "x", "options": {"json": false}}],role=arn:aws:iam::123456789012:role/r,allow_override=true"#;
    let with = with(text);
    let ids: Vec<_> = with.sources().iter().map(|source| source.id()).collect();
    assert_eq!(ids, ["test-db", "x"]);
    assert_eq!(with.sources()[1].options().json, Some(false));
    assert_eq!(with.role().as_str(), Some("arn:aws:iam::123456789012:role/r"));
    assert!(with.allow_override());
}

#[test]
fn missing_attributes_have_their_defaults() {
    for text in ["secrets", "secrets:sources=[]", "secrets:sources=null", "secrets:role=null"] {
        assert_eq!(with(text), With::default(), "{text}");
    }
    // `false` is false.
    assert!(!with("secrets:allow_override=false").allow_override());
}

#[test]
fn a_role_may_have_quotes_or_none() {
    let arn = "arn:aws:iam::123456789012:role/a,b=c";
    for text in [
        r#"secrets:role="arn:aws:iam::123456789012:role/a,b=c""#,
        r#"secrets:sources=["x"],role="arn:aws:iam::123456789012:role/a,b=c",allow_override=true"#,
    ] {
        assert_eq!(with(text).role().as_str(), Some(arn), "{text}");
    }
    assert_eq!(with("secrets:role=").role(), &SourceRole::OptOut);
    assert_eq!(with("secrets:role=,allow_override=true").role(), &SourceRole::OptOut);
    assert_eq!(with("secrets:role=\"\"").role(), &SourceRole::OptOut);
    assert_eq!(with("secrets:role=null").role(), &SourceRole::Inherit);
    let (at, message, help) = error("secrets:role='arn:aws:iam::123456789012:role/r'");
    assert_eq!(at, "'arn:aws:iam::123456789012:role/r'");
    assert!(message.starts_with("a role is not the ARN of a role"), "{message}");
    assert!(help.starts_with("did you mean `arn:aws:iam::123456789012:role/r`?"), "{help}");
}

#[test]
fn spaces_between_attributes_are_ignored() {
    let with = with("secrets: sources = [ \"a\" ] , allow_override = true ");
    assert_eq!((with.sources().len(), with.allow_override()), (1, true));
}

#[test]
fn a_repeated_source_is_added_once() {
    let with = with(r#"secrets:sources=["a", "b", "a", {"id": "a"}, {"id": "a", "group": "g"}]"#);
    let groups: Vec<_> = with.sources().iter().map(|source| source.group()).collect();
    assert_eq!(groups, ["a", "b", "g"]);
}

#[test]
fn mistakes_have_a_help() {
    for (text, at, message, help) in [
        ("secrets:sources=['a']", "'", "single quotes are not JSON, in `['a']`", "write \"a\""),
        ("secrets:sources=[`a`]", "`", "backquotes are not JSON", "write \"a\""),
        ("secrets:sources=[“a”]", "“", "curly quotes are not JSON", "write \"a\""),
        ("secrets:sources=[„a”]", "„", "curly quotes are not JSON", "write \"a\""),
        ("secrets:sources=[‘a’]", "‘", "curly quotes are not JSON", "write \"a\""),
        ("secrets:sources=[a]", "a", "a text is not quoted: \"a\", in `[a]`", "write \"a\""),
        (
            "secrets:sources=[test-db]",
            "test-db",
            "a text is not quoted: \"test-db\", in `[test-db]`",
            "write \"test-db\"",
        ),
        (
            "secrets:sources=[2024-db]",
            "2024-db",
            "a text is not quoted: \"2024-db\", in `[2024-db]`",
            "write \"2024-db\"",
        ),
        ("secrets:sources=[–a]", "–", "a dash is not a hyphen", "write a hyphen: -"),
        (
            "secrets:sources=[\"a\",]",
            "]",
            "a value is missing, in `[\"a\",]`",
            "write one, or remove the comma before it",
        ),
        (
            "secrets:sources=[\\\"a\\\"]",
            "\\",
            "a backslash stands outside a text",
            "write \" without it",
        ),
        (
            "secrets:sources=[{'id': 'a'}]",
            "'",
            "single quotes are not JSON",
            "write it in double quotes",
        ),
        ("secrets:sources=[{id: 'a'}]", "i", "a name is not quoted", "write it in double quotes"),
        ("secrets:sources=[True]", "True", "JSON has no such word, in `[True]`", "write true"),
        ("secrets:sources=[None]", "None", "JSON has no such word, in `[None]`", "write null"),
        (
            "secrets:sources=test-db",
            "test-db",
            "`sources` is a JSON list, not `test-db`",
            "write sources=[\"test-db\"]",
        ),
        (
            "secrets:sources='test-db'",
            "'test-db'",
            "`sources` is a JSON list, not `test-db`",
            "write sources=[\"test-db\"]",
        ),
        (
            "secrets:sources=a, b",
            "a, b",
            "`sources` is a JSON list, not `a, b`",
            "write sources=[\"a\",\"b\"]",
        ),
        ("secrets:sources=", "", "`sources` is a JSON list", "write sources=[\"prod-db\"]"),
        (
            "secrets:sources='[\"a\"]'",
            "'[\"a\"]'",
            "`sources` is a JSON list, not `[\"a\"]`",
            "remove the quotes around the list",
        ),
        (
            "secrets:sources=\"a\"",
            "\"a\"",
            "`sources` is a list, not a text, in `\"a\"`",
            "write it in brackets: [\"a\"]",
        ),
        (
            "secrets:sources=[42]",
            "42",
            "a source is a text or a set of fields, not a number, in `[42]`",
            "write \"prod-db\" or { id = \"prod-db\", options = { json = false } }",
        ),
        (
            "secrets:allow_override=1",
            "1",
            "`allow_override` is true or false, not `1`",
            "write allow_override=true",
        ),
        (
            "secrets:allow_override=True",
            "True",
            "`allow_override` is true or false, not `True`",
            "write allow_override=true",
        ),
        (
            "secrets:allow_override=“false”",
            "“false”",
            "`allow_override` is true or false, not `false`",
            "write allow_override=false",
        ),
        (
            "secrets:allow_override=maybe",
            "maybe",
            "`allow_override` is true or false, not `maybe`",
            "write true or false",
        ),
        (
            "secrets:source=[\"a\"]",
            "source",
            "unknown attribute \"source\"",
            "did you mean `sources`?",
        ),
        (
            "secrets:override=true",
            "override",
            "unknown attribute \"override\"",
            "the attributes are sources, role, allow_override",
        ),
        ("secrets:role=,role=", "role", "`role` is given twice", "remove one of the two"),
        ("secrets:sources", "sources", "`sources` has no value", "write sources=[\"prod-db\"]"),
        (
            "secrets:test-db",
            "test-db",
            "\"test-db\" is not an attribute with a value",
            "write sources=[..], role=.. or allow_override=..",
        ),
        ("secrets:", "", "an attribute is missing", "write one, or remove the `,` or `:`"),
        (
            "secrets:sources=[],",
            "",
            "an attribute is missing",
            "write one, or remove the `,` or `:`",
        ),
        (
            "secrets:sources=[] role=",
            "role=",
            "there is text after a value",
            "write a comma between attributes",
        ),
        (
            " secrets:sources=[]",
            " secrets",
            "only `secrets` can be attached",
            "remove what stands before `secrets`",
        ),
        (
            "'secrets:sources=[]'",
            "'secrets",
            "only `secrets` can be attached",
            "remove what stands before `secrets`",
        ),
        (
            "secrets sources=[]",
            "secrets sources=[]",
            "only `secrets` can be attached",
            "a colon comes after `secrets`: secrets:sources=[\"prod-db\"]",
        ),
        (
            "retry:times=3",
            "retry",
            "only `secrets` can be attached, not `retry`",
            "write secrets:sources=[\"prod-db\"]",
        ),
        (
            "secrts:sources=[\"db\"]",
            "secrts",
            "only `secrets` can be attached, not `secrts`",
            "write secrets:sources=[\"prod-db\"]",
        ),
        (
            "sources=[\"db\"]",
            "sources=[\"db\"]",
            "only `secrets` can be attached, not `sources=[\"db\"]`",
            "write secrets:sources=[\"prod-db\"]",
        ),
        // What follows another name may be a value.
        (
            "password=x",
            "password=x",
            "only `secrets` can be attached",
            "write secrets:sources=[\"prod-db\"]",
        ),
        (
            "secrets:role=\"admin\"",
            "\"admin\"",
            "a role is not the ARN of a role: `admin`",
            "write arn:aws:iam::123456789012:role/NAME",
        ),
        ("", "", "only `secrets` can be attached", "write secrets:sources=[\"prod-db\"]"),
    ] {
        assert_eq!(error(text), (at, message.to_owned(), help.to_owned()), "{text}");
    }
}

#[test]
fn the_help_replaces_a_dash_by_a_hyphen() {
    let (at, _, help) = error("secrets:sources=[\"test–db\"]");
    assert_eq!(at, "\"test–db\"");
    assert!(help.starts_with("did you mean `test-db`?"), "{help}");
}

#[test]
fn all_mistakes_are_reported() {
    let text =
        r#"secrets:sources=["a b", "é", {"id": "x", "typ": "y"}],role=r,allow_override=1,x=2"#;
    let errors = With::parse(text).unwrap_err();
    let at: Vec<_> = errors.iter().map(|error| pointed(error, text)).collect();
    assert_eq!(at, ["\"a b\"", "\"é\"", "\"typ\"", "r", "1", "x"]);
    // Also after a list that is not JSON.
    let text = r#"secrets:sources=[a,b=c],role=r"#;
    let errors = With::parse(text).unwrap_err();
    let at: Vec<_> = errors.iter().map(|error| pointed(error, text)).collect();
    assert_eq!(at, ["a", "r"]);
}

#[test]
fn a_displayed_option_parses_back() {
    for text in [
        "secrets",
        r#"secrets:sources=["a","local.b"]"#,
        r#"secrets:role="""#,
        r#"secrets:sources=["a"],role="arn:aws:iam::123456789012:role/a,b=c",allow_override=true"#,
        r#"secrets:allow_override=true"#,
        r#"secrets:sources=[{"id": "x", "options": {"json": false}}]"#,
    ] {
        assert_eq!(with(text).to_string(), text);
    }
    let inline =
        r#"secrets:sources=[{"id":"1","type":"inline","options":{"env_vars":{"A":"SeNtInEl"}}}]"#;
    let with = with(inline);
    assert!(!with.to_string().contains("SeNtInEl") && !format!("{with:?}").contains("SeNtInEl"));
}

proptest! {
    #[test]
    fn a_parsed_option_parses_back_unchanged(
        names in proptest::collection::vec("((local|file|env)\\.)?[a-z/]{1,9}", 0..4),
        role in prop_oneof![Just(""), Just("role=,"), Just("role=arn:aws:iam::123456789012:role/r,")],
        allow in any::<bool>(),
    ) {
        let sources: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
        let text = format!("secrets:{role}sources=[{}],allow_override={allow}", sources.join(","));
        if let Ok(with) = With::parse(&text) {
            prop_assert_eq!(With::parse(&with.to_string()), Ok(with));
        }
    }
}
