//! For any text, no parser panics, and the range of an error is inside the text and at character boundaries.

use proptest::prelude::*;
use secrets_spec::{
    BackendType, Flaw, Request, RoleArn, SecretArn, Source, SourceRole, SpecError, Template,
    VariableName, With, check_alias, check_env_var, check_group_and_key, check_id,
    check_inline_name, check_key, check_region, check_selector, check_variable_name, check_version,
    closest, read_json, read_requests, read_source, read_sources,
};

use crate::support::assert_points_into;

/// Texts that resemble valid ones, with pieces removed, mixed and changed.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        "[ -~]{0,8}",
        proptest::sample::select(vec![
            "arn:aws:secretsmanager:us-west-2:001234556000:secret:",
            "arn:aws:iam::123456789012:role/",
            "ARN:",
            "arn:",
            ":",
            "aws",
            "-",
            "--",
            "us-west-2",
            "secret",
            "aws-secrets-manager.",
            "aws-secret-manager.",
            "local.",
            "file.",
            "flyte.",
            "env.",
            "inline.",
            "..",
            "../",
            "/",
            "\\",
            "C:",
            ".",
            "=",
            "secrets:",
            "sources=",
            "role=",
            "allow_override=",
            ",",
            "[",
            "]",
            "{",
            "}",
            "{{",
            "}}",
            "\\{{",
            "|",
            "url",
            "\"",
            "'",
            "“",
            "”",
            "–",
            "true",
            "null",
            "None",
            "\"id\":",
            "\"type\":",
            "\"options\":",
            "\"env_vars\":",
            "\"group\":",
            "\"key\":",
            "\"mount_requirement\":",
            "\u{0}",
            "\n",
            "\u{85}",
            "\u{1b}[2J",
            "\u{202e}",
            "\u{2066}",
            "é",
            "🔑",
            "\u{FEFF}",
            "\\u",
            "d83d",
            "(version ",
            ")",
            "METAFLOW_",
            " ",
        ])
        .prop_map(str::to_owned),
        (0..600_usize).prop_map(|length| "é".repeat(length)),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn check_error<T>(result: Result<T, SpecError>, text: &str) {
    if let Err(error) = result {
        assert_points_into(&error, text);
        assert!(error.help().is_none_or(|help| !help.is_empty()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_parser_panics(text in text()) {
        check_error(Source::parse(&text), &text);
        check_error(Source::from_json(&text), &text);
        check_error(Request::parse(&text), &text);
        check_error(Request::from_json(&text), &text);
        check_error(SecretArn::parse(&text), &text);
        check_error(RoleArn::parse(&text), &text);
        check_error(SourceRole::parse(&text), &text);
        check_error(BackendType::parse(&text), &text);
        check_error(VariableName::parse(&text), &text);
        check_error(VariableName::of_field(&text), &text);
        check_error(Template::parse(&text), &text);
        check_error(read_json(&text), &text);
        for error in With::parse(&text).err().into_iter().flatten() {
            assert_points_into(&error, &text);
        }
        let with = format!("secrets:{text}");
        for error in With::parse(&with).err().into_iter().flatten() {
            assert_points_into(&error, &with);
        }
        closest(&text, ["sources", "role"]);
    }

    #[test]
    fn no_check_panics(text in text(), other in text()) {
        let checks: [fn(&str) -> Option<Flaw>; 8] = [
            check_alias, check_env_var, check_inline_name, check_key, check_region, check_selector,
            check_variable_name, check_version,
        ];
        for check in checks {
            if let Some(flaw) = check(&text) {
                assert_points_into(&flaw.explain(&text), &text);
            }
        }
        for backend in [None, Some("local"), Some("aws-secrets-manager"), Some("env"), Some("file"), Some("my"), Some(other.as_str())] {
            if let Some(flaw) = check_id(backend, &text) {
                assert_points_into(&flaw.explain(&text), &text);
            }
        }
        if let Some(flaw) = check_group_and_key(&text, &other) {
            let request = secrets_spec::RequestView {
                group: &text,
                key: &other,
                ..secrets_spec::Secret::new("", "").view()
            };
            let part = request.part(flaw.kind);
            assert_points_into(&flaw.explain(part), part);
        }
    }

    #[test]
    fn no_reader_panics(text in text()) {
        for json in [text.clone(), format!("[{text}]"), format!("{{{text}}}"), format!("[{{{text}}}]")] {
            let Ok(node) = read_json(&json) else { continue };
            let mut diagnostics = Vec::new();
            for source in read_sources(&node, &mut diagnostics) {
                let _ = source.group_text();
                let _ = source.into_source();
            }
            read_source(&node, &mut diagnostics);
            for request in read_requests(&node, &mut diagnostics) {
                let _ = request.view();
                let _ = request.into_request();
            }
            for complaint in diagnostics {
                assert_points_into(&SpecError::from(complaint), &json);
            }
        }
    }

    #[test]
    fn parsed_texts_pass_the_checks(text in text()) {
        if let Ok(source) = Source::parse(&text) {
            let backend = source.backend().map(BackendType::as_str);
            prop_assert_eq!(check_id(backend, source.id()), None);
            prop_assert!(text.ends_with(source.id()));
            prop_assert!(source.id().len() <= secrets_spec::MAX_NAME_BYTES || source.is_arn());
            prop_assert!(!source.id().chars().any(char::is_control));
        }
    }
}
