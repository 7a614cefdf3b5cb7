//! The JSON of declarations. Payloads are read elsewhere.

use proptest::prelude::*;
use secrets_spec::{Node, Value, read_json};

use crate::support::{assert_points_into, pointed};

fn is_equal(node: &Node<std::ops::Range<usize>>, other: &serde_json::Value) -> bool {
    match (&node.value, other) {
        (Value::Text(a), serde_json::Value::String(b)) => a == b,
        (Value::Bool(a), serde_json::Value::Bool(b)) => a == b,
        (Value::Number(_), serde_json::Value::Number(_))
        | (Value::Null, serde_json::Value::Null) => true,
        (Value::List(a), serde_json::Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_equal(a, b))
        }
        (Value::Map(a), serde_json::Value::Object(b)) => {
            // serde_json keeps the last of two fields with one name.
            b.iter().all(|(name, b)| {
                a.iter().rev().find(|(a, _)| a.text == *name).is_some_and(|(_, a)| is_equal(a, b))
            })
        }
        _ => false,
    }
}

#[test]
fn every_value_has_its_byte_range() {
    let text = r#" {"é": [ "a\u00e9\ud83d\ude00\n" , true, null, -1.5e+3 ] } "#;
    let node = read_json(text).unwrap();
    assert_eq!(&text[node.at.clone()], text.trim());
    let Value::Map(fields) = &node.value else { panic!() };
    assert_eq!(&text[fields[0].0.at.clone()], "\"é\"");
    let Value::List(items) = &fields[0].1.value else { panic!() };
    let bytes: Vec<_> = items.iter().map(|item| &text[item.at.clone()]).collect();
    assert_eq!(bytes, ["\"a\\u00e9\\ud83d\\ude00\\n\"", "true", "null", "-1.5e+3"]);
    assert!(matches!(&items[0].value, Value::Text(text) if text == "aé😀\n"));
}

#[test]
fn an_error_has_the_range_of_the_invalid_json() {
    for (text, at) in [
        ("", ""),
        ("[", ""),
        ("[1 2]", ""),
        ("[1", ""),
        ("{\"a\" 1}", ""),
        ("{\"a\":}", "}"),
        ("{1: 2}", "1"),
        ("[1,]", "]"),
        ("01", "01"),
        ("1.", "1."),
        (".5", ".5"),
        ("+1", "+1"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("nul", "nul"),
        ("\"a", "\"a"),
        ("\"a\nb\"", "\n"),
        ("\"\\x\"", "\\x"),
        ("\"\\u12\"", "\\u12"),
        ("\"\\ud83d\"", "\\ud83d"),
        ("\"\\ud83d\\u0041\"", "\\ud83d\\u0041"),
        ("\"\\ude00\"", "\\ude00"),
        ("1 x", "x"),
        ("\u{FEFF}1", "\u{FEFF}"),
        ("// x", "//"),
    ] {
        let error = read_json(text).expect_err(text);
        assert_eq!(pointed(&error, text), at, "{text:?}: {error}");
        assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text:?} is JSON");
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    assert!(read_json(&nested(32)).is_ok());
    let error = read_json(&nested(100_000)).unwrap_err();
    assert_eq!(error.message(), "the text is nested too deeply");
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<String>().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|map| map.into_iter().collect::<serde_json::Value>()),
        ]
    })
}

proptest! {
    #[test]
    fn reads_what_serde_json_writes(value in json(), pretty in any::<bool>()) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        let node = read_json(&text).unwrap();
        prop_assert!(is_equal(&node, &value), "{}", text);
    }

    #[test]
    fn accepts_and_rejects_the_same_texts_as_serde_json(text in r#"[\[\]{}:,"\\ a\n0-9.eE+tru-]{0,10}"#) {
        let other = serde_json::from_str::<serde_json::Value>(&text);
        match (read_json(&text), other) {
            (Ok(node), Ok(other)) => prop_assert!(is_equal(&node, &other), "{}", text),
            (Err(error), Err(_)) => assert_points_into(&error, &text),
            // serde_json rejects numbers that are too large for its types; here they are valid.
            (Ok(_), Err(error)) => prop_assert!(error.to_string().contains("out of range"), "{text}: {error}"),
            (Err(error), Ok(_)) => prop_assert!(false, "{text}: {error}"),
        }
    }
}
