//! Types whose fields serde buffers before it passes them on.

use std::collections::HashMap;

use serde::Deserialize;

use super::*;
use crate::payload::json::form::Form;

#[test]
fn mismatches_in_buffered_types_show_no_value() {
    #[derive(Deserialize, Debug)]
    #[serde(tag = "type")]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    enum Tagged {
        Port { port: u16 },
    }
    #[derive(Deserialize, Debug)]
    #[serde(untagged)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    enum Untagged {
        Port(u16),
        Flag(bool),
    }
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct All {
        tagged: Tagged,
        untagged: Untagged,
        last: u8,
        #[serde(flatten)]
        rest: HashMap<String, String>,
    }
    let outcome = read::<All>(&[
        ("tagged", r#"{"type":"Port","port":"SeNtInEl"}"#),
        ("untagged", "SeNtInEl"),
        ("last", "SeNtInEl"),
        ("other", "SeNtInEl"),
    ]);
    let mut found = messages(outcome);
    found.sort();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("db.last") && found[1].starts_with("db.tagged"));
    assert_eq!(found[2], "db.untagged: the type refuses the value");
    assert_eq!(
        messages(read::<Tagged>(&[("type", "Port"), ("prt", "1")])),
        ["db.port: there is no such field"]
    );
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Flat {
        user: String,
        #[serde(flatten)]
        inner: Inner,
    }
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Inner {
        port: u16,
    }
    let flat = read::<Flat>(&[("user", "x"), ("port", "SeNtInEl")]);
    let refused = "the type refuses it: a flattened field, or one of a variant, does not fit";
    assert_eq!(messages(flat), [format!("db: {refused}")]);
    // A text that only begins like JSON stays a text.
    assert_eq!(messages(value::<Untagged>("{SeNtInEl")), ["db.it: the type refuses the value"]);
}

/// A text of digits is a text where the payload says so.
#[test]
fn texts_and_numbers_stand_side_by_side() {
    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(tag = "kind")]
    enum Login {
        Basic { password: String, port: u16 },
    }
    #[derive(Deserialize, Debug, PartialEq)]
    struct Flat {
        host: String,
        #[serde(flatten)]
        inner: Inner,
    }
    #[derive(Deserialize, Debug, PartialEq)]
    struct Inner {
        password: String,
        port: u16,
    }
    #[derive(Deserialize, Debug)]
    struct Nested {
        login: Login,
        next: Login,
    }
    let value = |text: &str| SecretValue::from(text);
    for password in ["123456", "true", "abc", "[1]"] {
        let fields = [
            ("kind", &value("Basic"), Some(Form::Text)),
            ("host", &value("h"), Some(Form::Text)),
            ("password", &value(password), Some(Form::Text)),
            ("port", &value("5432"), Some(Form::Number)),
        ];
        let login = || Login::Basic { password: password.to_owned(), port: 5432 };
        assert_eq!(from_fields("db", &fields).ok(), Some(login()), "{password}");
        let inner = Inner { password: password.to_owned(), port: 5432 };
        let flat = Flat { host: "h".to_owned(), inner };
        assert_eq!(from_fields("db", &fields).ok(), Some(flat), "{password}");
        let object = format!(r#"{{"kind":"Basic","password":"{password}","port":5432}}"#);
        // A number may be stored as a text, if no text looks like a number.
        let other = r#"{"kind":"Basic","password":"x","port":"5432"}"#;
        let nested: Nested = built(&[("login", &object), ("next", other)]);
        let next = Login::Basic { password: "x".to_owned(), port: 5432 };
        assert_eq!((nested.login, nested.next), (login(), next), "{password}");
    }
    // A document has its own texts, and those that are filled in.
    let document = r#"{"a":{"kind":"Basic","password":"x","port":"5432"}}"#;
    let read = from_json::<HashMap<String, Login>>("config", &SecretValue::from(document));
    assert!(read.is_ok());
}

#[test]
fn an_unknown_tag_is_not_a_set_of_fields() {
    #[derive(Deserialize, Debug)]
    #[serde(tag = "kind")]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    enum Tagged {
        Basic,
        Token,
    }
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Flat {
        name: String,
        #[serde(flatten)]
        tagged: Tagged,
    }
    let fields = [("name", "x"), ("kind", "SeNtInEl")];
    let message = "db: the variant that it names is not one of `Basic`, `Token`";
    assert_eq!(messages(read::<Flat>(&fields)), [message]);
    let message = "db.kind: expected one of `Basic`, `Token`, found a text";
    assert_eq!(messages(read::<Tagged>(&fields)), [message]);
}

#[test]
fn one_field_is_a_number_of_an_untagged_type() {
    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(untagged)]
    enum Scalar {
        Number(u16),
        Flag(bool),
    }
    assert_eq!(built::<Scalar>(&[("u", "5")]), Scalar::Number(5));
    let plain = from_plain::<Scalar>("DB", "DB", &SecretValue::from("true"));
    assert_eq!(plain.ok(), Some(Scalar::Flag(true)));
}
