use std::process::Command;

use proptest::prelude::*;

use crate::{
    context::current_context,
    core::{
        error::{Error, ErrorKind},
        secret_value::SecretValue,
    },
    testing::with_secrets,
};

fn render_with(value: impl Into<SecretValue>, template: &str) -> Result<String, Error> {
    let given = [("db", "user", "app".into()), ("db", "password", value.into())];
    with_secrets(given, || {
        let text = current_context().secrets.render(template)?;
        Ok(text.expose_str()?.to_owned())
    })
}

fn render(value: &str, template: &str) -> String {
    render_with(value, template).unwrap_or_else(|error| panic!("{error}"))
}

/// Returns the kind and message of every problem that a template has.
fn problems(value: impl Into<SecretValue>, template: &str) -> Vec<(ErrorKind, String)> {
    let error = render_with(value, template).expect_err("it is wrong");
    assert!(error.problems().iter().all(|problem| problem.help().is_some()), "{error}");
    assert!(!format!("{error:?}").contains("SeNtInEl"), "the error shows a value");
    error.problems().iter().map(|p| (p.kind(), p.message().to_owned())).collect()
}

#[test]
fn references_are_filled_in_anywhere_and_literals_stay() {
    assert_eq!(
        render("SeNtInEl", "é {{db.user}}:{{ db.password }}{{db.user}}\n"),
        "é app:SeNtInElapp\n"
    );
    assert_eq!(render("x", r"\{{db.user}} }} { {{db.user}}"), "{{db.user}} }} { app");
    assert_eq!(render("x", ""), "");
    assert_eq!(render("{{db.user}}", "{{db.password}}"), "{{db.user}}", "a value is no template");
}

#[test]
fn url_encodes_all_but_unreserved() {
    let value = "azAZ09-._~ !/:@%+é\n";
    let encoded = "azAZ09-._~%20%21%2F%3A%40%25%2B%C3%A9%0A";
    assert_eq!(render(value, "{{db.password | url}}"), encoded);
}

#[test]
fn json_has_its_quotes_and_escapes() {
    let value = "a\"b\\c\n\r\t\u{8}\u{c}\0\u{1f}\u{7f}/é😀";
    let encoded = "\"a\\\"b\\\\c\\n\\r\\t\\b\\f\\u0000\\u001F\u{7f}/é😀\"";
    assert_eq!(render(value, "{{db.password|json}}"), encoded);
}

#[test]
fn shell_makes_one_word() {
    assert_eq!(render("it's", "{{db.password | shell}}"), r"'it'\''s'");
    assert_eq!(render("", "{{db.password | shell}}"), "''");
    for value in ["$HOME `id` \"x\" \\ !*?[a]~;&|<>()#\n'", "''''", "-n", " "] {
        let script = render(value, "printf %s-%s {{db.password | shell}} {{db.user}}");
        let output = Command::new("sh").args(["-c", &script]).output().expect("there is a shell");
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{value}-app"));
    }
}

proptest! {
    #[test]
    fn every_value_can_be_read_back(value in any::<String>()) {
        let read: String = serde_json::from_str(&render(&value, "{{db.password | json}}")).unwrap();
        prop_assert_eq!(&read, &value);

        let url = render(&value, "{{db.password | url}}");
        let mut bytes = Vec::new();
        let mut rest = url.as_bytes();
        while let [first, tail @ ..] = rest {
            prop_assert!(first.is_ascii_alphanumeric() || b"-._~%".contains(first));
            rest = tail;
            if *first == b'%' {
                let hex = std::str::from_utf8(&tail[..2]).unwrap();
                prop_assert_eq!(hex, hex.to_uppercase());
                bytes.push(u8::from_str_radix(hex, 16).unwrap());
                rest = &tail[2..];
            } else {
                bytes.push(*first);
            }
        }
        prop_assert_eq!(&bytes, value.as_bytes());
    }

    #[test]
    fn no_template_panics(template in "(\\PC|[{}.|\\\\\n]|db|user){0,40}") {
        let _ = render_with("SeNtInEl", &template);
    }
}

#[test]
fn every_reference_that_does_not_parse_is_reported_with_its_position() {
    let template = "a {{db.user}}\né {{db}} {{db.user | xml}}\n\n {{ db. user }}{{db.user";
    let found = problems("SeNtInEl", template);
    let places: Vec<_> = found
        .iter()
        .map(|(kind, message)| {
            assert_eq!(*kind, ErrorKind::InvalidSource);
            message.split(": ").next().unwrap_or_default()
        })
        .collect();
    assert_eq!(
        places,
        ["line 2, column 3", "line 2, column 10", "line 4, column 2", "line 4, column 16"]
    );
}

#[test]
fn everything_missing_is_reported_at_once() {
    let template = "{{db.port}} {{nodb.a}} {{db.user}} {{nodb.b}} {{db.port | url}}";
    let found = problems("SeNtInEl", template);
    let kinds: Vec<_> = found.iter().map(|(kind, _)| *kind).collect();
    let expected = [ErrorKind::KeyNotFound, ErrorKind::NotRequested, ErrorKind::NotRequested];
    assert_eq!(kinds, expected);
    for (reference, (_, message)) in ["{{db.port}}", "{{nodb.a}}", "{{nodb.b}}"].iter().zip(&found)
    {
        assert!(message.contains(reference), "{message}");
    }
}

#[test]
fn a_group_with_a_dot_asks_for_an_alias() {
    with_secrets([("prod.db", "user", "SeNtInEl")], || {
        let error =
            current_context().secrets.render("{{prod.db.user}}").expect_err("no group `prod`");
        assert_eq!(error.kind(), ErrorKind::NotRequested);
        assert!(error.to_string().contains("give `prod.db` a `group` without dots"), "{error}");
    });
}

#[test]
fn a_key_may_have_dots() {
    with_secrets([("tls", "key.pem", "SeNtInEl")], || {
        let text = current_context().secrets.render("{{tls.key.pem}}").expect("it is there");
        assert_eq!(text.expose_str().ok(), Some("SeNtInEl"));
    });
}

#[test]
fn binary_values_and_nul_in_a_shell_word_are_refused() {
    let found = problems(vec![0xff, 0xfe], "{{db.password | json}}{{db.port}}");
    let kinds: Vec<_> = found.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [ErrorKind::Undecodable, ErrorKind::KeyNotFound]);
    let found = problems("SeNtInEl\0", "{{db.password | shell}}");
    assert_eq!(found[0].0, ErrorKind::InvalidValue);
    assert_eq!(render("a\0", "{{db.password}}"), "a\0");
}

#[test]
fn the_result_is_a_secret() {
    with_secrets([("db", "user", "SeNtInEl")], || {
        let text = current_context().secrets.render("{{db.user}}").expect("it is there");
        assert_eq!(format!("{text:?}"), "SecretValue([REDACTED])");
    });
}

#[test]
fn base64_writes_every_value_on_one_line() {
    assert_eq!(render("SeNtInEl", "x: {{db.password | base64}}"), "x: U2VOdEluRWw=");
    assert_eq!(render("", "{{db.password|base64}}"), "");
    let long = render(&"a".repeat(300), "{{db.password | base64}}");
    assert_eq!((long.len(), long.contains('\n')), (400, false));
    let binary = render_with(vec![0xff, 0xfe], "{{db.password | base64}}");
    assert_eq!(binary.unwrap_or_else(|error| panic!("{error}")), "//4=");
}

#[test]
fn of_many_problems_the_first_are_reported() {
    let missing: String = (0..1000).map(|number| format!("{{{{db.k{number}}}}}")).collect();
    for template in [missing, "{{db}}".repeat(1000), "{{db.user\n".repeat(1000)] {
        let found = problems("SeNtInEl", &template);
        assert_eq!(found.len(), 101);
        assert!(found[100].1.contains("there may be more than these 100"), "{:?}", found[100]);
    }
}

#[test]
fn what_is_missing_is_reported_with_its_place() {
    let found = problems("SeNtInEl", "é\né {{db.port}}\n{{nodb.a}}");
    assert!(
        found[0].1.starts_with("line 2, column 3: the template has {{db.port}}, but "),
        "{found:?}"
    );
    assert!(
        found[1].1.starts_with("line 3, column 1: the template has {{nodb.a}}, but "),
        "{found:?}"
    );
}
