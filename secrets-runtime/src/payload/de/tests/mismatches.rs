use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    num::NonZeroU16,
};

use proptest::prelude::*;
use serde::{Deserialize, de};

use super::*;

#[derive(Deserialize, Debug)]
#[allow(dead_code, reason = "what is read of it are its problems")]
struct Db {
    host: IpAddr,
    port: NonZeroU16,
    user: String,
    password: SecretValue,
    tls: bool,
    pool: Pool,
    mode: Mode,
    odd: Even,
}

#[derive(Deserialize, Debug)]
#[allow(dead_code, reason = "what is read of it are its problems")]
struct Pool {
    min: u8,
    max: u8,
    hosts: Vec<u16>,
}

#[derive(Deserialize, Debug)]
pub(super) enum Mode {
    Read,
    Write,
}

/// A type that prints what it refuses in every way it can.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Even;

impl<'de> Deserialize<'de> for Even {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use de::Error;
        let text = String::deserialize(deserializer)?;
        match text.split_at_checked(1) {
            Some(("t", _)) => {
                Err(D::Error::invalid_type(de::Unexpected::Str(&text), &text.as_str()))
            }
            Some(("v", rest)) => Err(D::Error::invalid_value(de::Unexpected::Str(&text), &rest)),
            Some(("c", rest)) => {
                let changed = rest.trim().to_lowercase();
                Err(D::Error::invalid_value(de::Unexpected::Str(&text), &changed.as_str()))
            }
            Some(("u", _)) => Err(D::Error::unknown_variant(&text, &["one", "two"])),
            Some(("l", rest)) => {
                Err(D::Error::invalid_length(1, &format!("longer than {rest}").as_str()))
            }
            _ => Err(D::Error::custom(format!("{text} is odd"))),
        }
    }
}

#[test]
fn all_mismatches_are_reported_at_once() {
    let outcome = read::<Db>(&[
        ("odd", "SeNtInEl"),
        ("host", "SeNtInEl"),
        ("port", "SeNtInEl"),
        ("tls", "SeNtInEl yes"),
        ("pool", r#"{"min":"SeNtInEl","hosts":[1,"SeNtInEl",3,-1]}"#),
        ("mode", "SeNtInEl"),
        ("usr", "SeNtInEl"),
    ]);
    let mut messages = messages(outcome);
    messages.sort();
    assert_eq!(
        messages,
        [
            "db.host: the type refuses the value",
            "db.mode: expected one of `Read`, `Write`, found a text",
            "db.odd: the type refuses the value",
            "db.password: there is no such field",
            // The first problem of a field at the top; `pool.max` and two of `pool.hosts` are reported after
            // it is fixed.
            "db.pool.min: expected u8, found a text",
            "db.port: expected u16, found a text",
            "db.tls: expected bool, found a text",
            "db.user: there is no such field",
        ]
    );
}

#[test]
fn all_missing_fields_are_reported_at_once() {
    let outcome = || read::<Db>(&[("usr", "SeNtInEl")]);
    let names = ["host", "port", "user", "password", "tls", "pool", "mode", "odd"];
    // No placeholder fits `odd`, which refuses every text; it is the last field.
    assert_eq!(messages(outcome()), names.map(|name| format!("db.{name}: there is no such field")));
    assert!(kinds(outcome()).iter().all(|kind| *kind == ErrorKind::KeyNotFound));
    assert_eq!(helps(outcome())[2].as_deref(), Some("did you mean `usr`? its fields are `usr`"));
    assert_eq!(helps(outcome())[0].as_deref(), Some("its fields are `usr`"));
    assert_eq!(helps(read::<Pool>(&[]))[0].as_deref(), Some("it has no fields"));
}

#[test]
fn a_type_cannot_print_the_value() {
    let ours = "db.it: the type refuses the value";
    for text in ["t SeNtInEl", "vSeNtInEl", "lSeNtInEl", "c SeNtInEl", "x SeNtInEl"] {
        assert_eq!(messages(value::<Even>(text)), [ours]);
    }
    // What a visitor says before it has seen the value contains nothing of it.
    assert_eq!(
        messages(value::<NonZeroU16>("0")),
        ["db.it: expected a nonzero u16, found a number that does not fit"]
    );
    // A value is decoded before the type sees it.
    let decoded = r#"["c \u0053eNtInEl"]"#;
    assert_eq!(messages(value::<Vec<Even>>(decoded)), ["db.it[0]: the type refuses the value"]);
    assert_eq!(
        messages(value::<Even>("u SeNtInEl")),
        ["db.it: expected one of `one`, `two`, found a text"]
    );
}

#[test]
fn scalars_parse_whole() {
    let found = |text: &str, expected: &str, kind: &str| {
        let messages = match expected {
            "u16" => messages(value::<u16>(text)),
            "bool" => messages(value::<bool>(text)),
            _ => messages(value::<f64>(text)),
        };
        assert_eq!(messages, [format!("db.it: expected {expected}, found {kind}")], "{text:?}");
    };
    for text in [" 1", "1\n", "1 "] {
        found(text, "u16", "a text with white space around it");
    }
    for text in ["0x1", "\"1\"", "SeNtInEl", "true SeNtInEl", "{SeNtInEl}", "[1"] {
        found(text, "u16", "a text");
    }
    for text in ["1.0", "1e2", "65536", "-1"] {
        found(text, "u16", "a number that does not fit");
    }
    found("", "u16", "an empty text");
    found("true", "u16", "a boolean");
    found(r#"{"a": "SeNtInEl"}"#, "u16", "an object");
    found(r#" ["SeNtInEl"]"#, "u16", "a list");
    for text in ["True", "TRUE", "yes", "SeNtInEl"] {
        found(text, "bool", "a text");
    }
    found("1", "bool", "a number");
    found("", "bool", "an empty text");
    for text in ["nan", "inf", "-Infinity", "1,5", "SeNtInEl"] {
        found(
            text,
            "f64",
            if text == "-Infinity" { "a number that does not fit" } else { "a text" },
        );
    }
    found("1e999", "f64", "a number that does not fit");
    assert_eq!(
        messages(value::<char>("SeNtInEl")),
        ["db.it: expected one character, found a text"]
    );
    assert_eq!(
        messages(value::<NonZeroU16>("0")),
        ["db.it: expected a nonzero u16, found a number that does not fit"]
    );
    assert_eq!(messages(value::<()>("SeNtInEl")), ["db.it: expected no value, found a text"]);
    assert_eq!(kinds(value::<u16>("")), [ErrorKind::Undecodable]);
    // One field is read as its value.
    assert_eq!(messages(read::<u16>(&[("port", "SeNtInEl")])), ["db: expected u16, found a text"]);
}

#[test]
fn a_set_is_not_a_scalar() {
    let fields = [("user", "SeNtInEl"), ("port", "SeNtInEl")];
    assert_eq!(messages(read::<u16>(&fields)), ["db: expected u16, found a set of 2 fields"]);
    assert_eq!(messages(read::<String>(&fields)), ["db: expected text, found a set of 2 fields"]);
    assert_eq!(
        messages(read::<SecretValue>(&fields)),
        ["db: expected one value, found a set of 2 fields"]
    );
    assert_eq!(messages(read::<Vec<u8>>(&[])), ["db: expected a list, found a set of 0 fields"]);
    let help = "name one of them as the `key`, such as key = \"user\", or take all of them as a struct or a map: its fields are `user`, `port`";
    assert_eq!(helps(read::<Mode>(&fields))[0].as_deref(), Some(help));
    assert_eq!(helps(read::<SecretValue>(&fields))[0].as_deref(), Some(help));
    assert_eq!(helps(read::<u16>(&[]))[0].as_deref(), Some("it has no fields"));
}

#[test]
fn nested_values_must_be_json() {
    let place = "it is not JSON, where an object is needed, at line 1, column 1";
    assert_eq!(
        messages(value::<Pool>("SeNtInEl")),
        [format!("db.it: expected a JSON object ({place})")]
    );
    let place = "the JSON is cut short, at line 1, column 12";
    assert_eq!(
        messages(value::<Vec<String>>(r#"["SeNtInEl""#)),
        [format!("db.it: expected a JSON list ({place})")]
    );
    assert_eq!(
        messages(value::<(u8, u8)>("[1,2,3]")),
        ["db.it: expected a JSON list of 2, found a list"]
    );
    assert_eq!(
        messages(value::<Vec<u8>>("[1,null]")),
        ["db.it[1]: expected a value, and there is none"]
    );
    let place = "a key is there twice, at line 1, column 11";
    assert_eq!(
        messages(value::<Pool>(r#"{"min": 1,"min":"SeNtInEl"}"#)),
        [format!("db.it: expected a JSON object ({place})")]
    );
    assert_eq!(
        messages(value::<Mode>(r#"{"Read":"SeNtInEl"}"#)),
        ["db.it.Read: expected no value, found a text"]
    );
}

#[test]
fn bytes_are_not_text() {
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Key {
        pem: String,
        size: u16,
    }
    let binary = SecretValue::from(b"\xffSeNtInEl".to_vec());
    let outcome = || from_fields::<Key>("db", &[("pem", &binary, None), ("size", &binary, None)]);
    let found = messages(outcome());
    assert_eq!(
        found,
        [
            "db.pem: expected text, found bytes that are not text",
            "db.size: expected u16, found bytes that are not text"
        ]
    );
    let help = "take it as a `SecretValue`, and read that with `expose_bytes`";
    assert_eq!(helps(outcome())[0].as_deref(), Some(help));
    assert_eq!(kinds(outcome()), [ErrorKind::Undecodable; 2]);
    messages(from_value::<Mode>("db", &binary));
    messages(from_value::<Pool>("db", &binary));
}

#[test]
fn names_are_checked_too() {
    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Strict {
        #[serde(alias = "username")]
        user: String,
        port: u16,
    }
    let outcome = || {
        read::<Strict>(&[
            ("extra", "SeNtInEl"),
            ("user", "SeNtInEl"),
            ("username", "SeNtInEl"),
            ("more", "SeNtInEl"),
            ("port", "SeNtInEl"),
        ])
    };
    assert_eq!(
        messages(outcome()),
        [
            "db.extra: the type has no such field",
            "db.username: another field is `user` already",
            "db.more: the type has no such field",
            "db.port: expected u16, found a text",
        ]
    );
    assert_eq!(
        helps(outcome())[0].as_deref(),
        Some("those of the type are `user`, `username`, `port`")
    );
    assert_eq!(kinds(outcome())[1], ErrorKind::Ambiguous);
    assert_eq!(
        messages(read::<BTreeMap<u8, u8>>(&[("a", "1"), ("1", "SeNtInEl"), ("300", "1")])),
        [
            "db.a: expected a name that is u8",
            "db.1: expected u8, found a text",
            "db.300: expected a name that is u8"
        ]
    );
}

#[test]
fn a_type_that_asks_in_the_wrong_order_is_refused() {
    /// Asks for a second value without asking for its name.
    #[derive(Debug)]
    struct Greedy;
    impl<'de> Deserialize<'de> for Greedy {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl<'de> de::Visitor<'de> for Visitor {
                type Value = Greedy;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a map")
                }
                fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Greedy, A::Error> {
                    while map.next_key::<String>()?.is_some() {
                        map.next_value::<String>()?;
                        map.next_value::<String>()?;
                    }
                    Ok(Greedy)
                }
            }
            deserializer.deserialize_map(Visitor)
        }
    }
    let refused = "the type refuses it: a flattened field, or one of a variant, does not fit";
    let found = messages(read::<HashMap<String, Greedy>>(&[("a", r#"{"b":"SeNtInEl"}"#)]));
    assert_eq!(found, [format!("db.a: {refused}")]);
}

proptest! {
    /// Each field is a problem exactly if it does not fit by itself, whatever the other fields are.
    #[test]
    fn each_field_is_checked_by_itself(texts in prop::collection::vec(prop::option::of("[0-2]?|true|[a-z]{1,9}"), 4)) {
        #[derive(Deserialize, Debug)]
        #[allow(dead_code, reason = "what is read of it are its problems")]
        struct Four {
            a: NonZeroU16,
            b: Option<bool>,
            c: Mode,
            d: IpAddr,
        }
        let fields: Vec<_> = ["a", "b", "c", "d"].into_iter().zip(&texts).filter_map(|(name, text)| Some((name, text.as_deref()?))).collect();
        let fits = |name: &str, text: Option<&String>| match (name, text) {
            ("a", Some(text)) => text.parse::<NonZeroU16>().is_ok(),
            ("b", text) => text.is_none_or(|text| text.parse::<bool>().is_ok()),
            _ => false,
        };
        let expected: Vec<_> = ["a", "b", "c", "d"].into_iter().zip(&texts).filter(|(name, text)| !fits(name, text.as_ref())).map(|(name, _)| format!("db.{name}")).collect();
        let mut found: Vec<_> = messages(read::<Four>(&fields)).iter().filter_map(|message| Some(message.split_once(':')?.0.to_owned())).collect();
        found.sort();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn long_lists_and_recursive_types_end() {
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    enum Tree {
        Node(Box<Tree>, Box<Tree>),
        Leaf(u8),
    }
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Holder {
        tree: Tree,
        after: u8,
    }
    assert_eq!(messages(read::<Holder>(&[])).len(), 2);
    let names: Vec<_> = (0..300).map(|index| format!("f{index}")).collect();
    let fields: Vec<_> = names.iter().map(|name| (name.as_str(), "SeNtInEl")).collect();
    assert_eq!(messages(read::<HashMap<String, Even>>(&fields)).len(), 300);
    let bad = format!("[{}0]", "0,".repeat(9_999));
    assert!(!messages(value::<Vec<NonZeroU16>>(&bad)).is_empty());
    let deep = format!("{}{{\"Leaf\":1}}{}", "{\"Node\":[".repeat(64), "]}".repeat(64));
    assert!(!messages(value::<Tree>(&deep)).is_empty());
    let deep = "[".repeat(30_000);
    assert_eq!(messages(value::<Vec<Vec<u8>>>(&deep)).len(), 1);
    // JSON in a string of JSON counts as deeper.
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Nested(Vec<Nested>);
    let nest = |inner: &str, depth: usize| {
        let inner = inner.replace('\\', r"\\").replace('"', r#"\""#);
        format!("{}\"{inner}\"{}", "[".repeat(depth), "]".repeat(depth))
    };
    let twice = nest(&nest("[]", 10), 10);
    assert!(value::<Nested>(&twice).is_ok());
    let often = (0..12).fold("[]".to_owned(), |inner, _| nest(&inner, 120));
    assert!(often.len() < 65_536);
    assert_eq!(messages(value::<Nested>(&often)).len(), 1);
}
