//! No error of a list of sources, of requests or of `SECRETS_WITH` shows a value of `inline`, however the text is damaged.

use proptest::prelude::*;
use secrets_spec::{Diagnostic, Source, With, read_json, read_requests, read_sources};

const SOURCES: &str = r#"["db", {"id": "x", "type": "inline", "options": {"env_vars": {"A": "SeNtInEl", "B_C": "SeNtInEl SeNtInEl"}}}, {"id": "y", "options": {"json": false}}]"#;

/// The text with a few pieces removed, replaced and added.
fn damaged(text: String) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(String::new()),
        "[ \n\t\"'{}\\[\\]:,=\\\\|.a-c\u{FEFF}“]{1,3}",
        Just("role=".to_owned()),
        Just(",sources=".to_owned()),
    ];
    let places = text.chars().count();
    proptest::collection::vec((0..places, 0..5_usize, piece), 1..6).prop_map(move |changes| {
        let mut chars: Vec<char> = text.chars().collect();
        for (at, removed, piece) in changes {
            let at = at.min(chars.len());
            let end = (at + removed).min(chars.len());
            chars.splice(at..end, piece.chars());
        }
        chars.into_iter().collect()
    })
}

fn assert_hidden(shown: &str, text: &str) -> Result<(), TestCaseError> {
    prop_assert!(!shown.contains("SeNtInEl"), "{} shows a value of {}", shown, text);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn of_sources_and_requests(text in damaged(SOURCES.to_owned())) {
        match read_json(&text) {
            Err(error) => assert_hidden(&format!("{error} {error:?}"), &text)?,
            Ok(node) => {
                let mut found: Vec<Diagnostic<_>> = Vec::new();
                read_sources(&node, &mut found);
                read_requests(&node, &mut found);
                for one in found {
                    assert_hidden(&format!("{} {:?}", one.message, one.help), &text)?;
                }
            }
        }
        if let Err(error) = Source::from_json(&text) {
            assert_hidden(&format!("{error} {error:?}"), &text)?;
        }
    }

    #[test]
    fn of_secrets_with(
        text in damaged(format!("secrets:sources={SOURCES},role=arn:aws:iam::123456789012:role/R,allow_override=true"))
    ) {
        for error in With::parse(&text).err().unwrap_or_default() {
            assert_hidden(&format!("{error} {error:?}"), &text)?;
        }
    }
}

#[test]
fn of_an_attribute_that_begins_inside_a_value() {
    let text =
        r#"secrets:sources=["db", {"options": {"env_vars": {",sources= "SeNtInEl", "B": "x"}}}]"#;
    let errors = With::parse(text).unwrap_err();
    assert!(!format!("{errors:?}").contains("SeNtInEl"), "{errors:?}");
}
