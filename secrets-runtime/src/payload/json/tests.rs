use proptest::prelude::*;
use serde_json::Value;

use crate::{
    core::{
        error::{Error, ErrorKind},
        secret_value::SecretValue,
    },
    payload::json::{MAX_DEPTH, members},
};

fn read(text: &str) -> Vec<(String, String)> {
    let found = members(&SecretValue::from(text)).expect("the payload is a JSON object");
    found
        .into_iter()
        .map(|(key, json)| (key, json.value.expose_str().expect("text").to_owned()))
        .collect()
}

/// Returns the fault's text in every form that leaves this module, after checking that no form contains a
/// value.
fn refused(payload: impl Into<SecretValue>) -> String {
    let fault = members(&payload.into()).expect_err("the payload must be refused");
    let debug = format!("{fault:?}");
    let problem = fault.into_problem();
    assert_eq!(problem.kind(), ErrorKind::Undecodable);
    let error = Error::from_problems(vec![problem.clone()]);
    for text in [&debug, &format!("{problem:?}"), &format!("{error}"), &format!("{error:?}")] {
        assert!(!text.contains("SeNtInEl"), "a value got into an error");
    }
    problem.message().to_owned()
}

#[test]
fn values_are_returned_as_written() {
    let text = r#" {"s": "SeNtInEl", "n": 1.50, "e": 1E5, "z": -0.0, "big": 123456789012345678901234567890.000,
        "t": true, "f": false, "none": null, "o": { "a" : [1, 2.0] }, "l": [ "x" ,null], "": "empty"} "#;
    let expected = [
        ("s", "SeNtInEl"),
        ("n", "1.50"),
        ("e", "1E5"),
        ("z", "-0.0"),
        ("big", "123456789012345678901234567890.000"),
        ("t", "true"),
        ("f", "false"),
        ("o", r#"{ "a" : [1, 2.0] }"#),
        ("l", r#"[ "x" ,null]"#),
        ("", "empty"),
    ];
    assert_eq!(read(text), expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    assert!(read("{}").is_empty());
}

#[test]
fn strings_are_unescaped() {
    let text = r#"{"a\u0062\n": "\"\\\/\b\f\n\r\t\u0000\u00e9\uD83D\ude00é😀"}"#;
    let value = "\"\\/\u{8}\u{c}\n\r\t\0é😀é😀";
    assert_eq!(read(text), [("ab\n".to_owned(), value.to_owned())]);
}

#[test]
fn a_nested_value_is_not_decoded() {
    let nested = r#"{"a":"\ud800","a":1}"#;
    assert_eq!(read(&format!("{{\"o\":{nested}}}")), [("o".to_owned(), nested.to_owned())]);
}

#[test]
fn faults_say_what_and_where() {
    let cases = [
        ("", "the payload is empty, where an object is needed, at line 1, column 1"),
        ("  \n ", "the payload is empty, where an object is needed, at line 2, column 2"),
        ("-----BEGIN SeNtInEl", "it is not JSON, where an object is needed, at line 1, column 1"),
        ("tk-SeNtInEl", "it is not JSON, where an object is needed, at line 1, column 1"),
        ("nk-SeNtInEl", "it is not JSON, where an object is needed, at line 1, column 1"),
        ("[SeNtInEl", "it is not JSON, where an object is needed, at line 1, column 1"),
        ("\"SeNtInEl", "it is not JSON, where an object is needed, at line 1, column 1"),
        ("SeNtInEl", "it is not JSON, where an object is needed, at line 1, column 1"),
        (r#"["SeNtInEl"]"#, "the JSON is a list, where an object is needed, at line 1, column 1"),
        (r#" "SeNtInEl""#, "the JSON is a string, where an object is needed, at line 1, column 2"),
        ("12345", "the JSON is a number, where an object is needed, at line 1, column 1"),
        ("true", "the JSON is a boolean, where an object is needed, at line 1, column 1"),
        ("null", "the JSON is null, where an object is needed, at line 1, column 1"),
        (
            "\u{feff}{}",
            "the payload starts with a byte order mark, which is not JSON, at line 1, column 1",
        ),
        (
            "{\"a\":\n \"SeNtInEl\",\n \"a\":\"SeNtInEl\"}",
            "the key \"a\" is there twice, at line 3, column 2",
        ),
        (r#"{"a":null,"\u0061":null}"#, "the key \"a\" is there twice, at line 1, column 11"),
        (r#"{"é":"SeNtInEl","b":NaN}"#, "NaN and Infinity are not JSON, at line 1, column 21"),
        (r#"{"b":Infinity}"#, "NaN and Infinity are not JSON, at line 1, column 6"),
        (r#"{"a":"SeNtInEl"} SeNtInEl"#, "there is text after the JSON, at line 1, column 18"),
        (r#"{"a":"SeNtInEl"}{}"#, "there is text after the JSON, at line 1, column 17"),
        (
            r#"{"a":"SeNtInEl",}"#,
            "there is a comma before the closing bracket, at line 1, column 17",
        ),
        (r#"{"a":"SeNtInEl"#, "the JSON is cut short, at line 1, column 15"),
        (r#"{"a""SeNtInEl"}"#, "a colon is missing after a key, at line 1, column 5"),
        (r#"{"a":1 "SeNtInEl"}"#, "a comma or the closing bracket is missing, at line 1, column 8"),
        (r#"{SeNtInEl:1}"#, "a key is not in double quotes, at line 1, column 2"),
        (r#"{'SeNtInEl':1}"#, "a single quote is not JSON, at line 1, column 2"),
        (r#"{"a":None}"#, "a word of Python is not JSON, at line 1, column 6"),
        (
            r#"{"a":"SeNtInEl\x"}"#,
            "a string has an escape that JSON does not know, at line 1, column 16",
        ),
        (
            "{\"a\":\"SeNtInEl\u{1}\"}",
            "a raw control character is in a string, at line 1, column 15",
        ),
        (
            "{\"a\":[\"SeNtInEl\n\"]}",
            "a raw control character is in a string, at line 1, column 16",
        ),
        (r#"{"a":01}"#, "a number is not written as JSON writes it, at line 1, column 7"),
    ];
    for (text, message) in cases {
        assert_eq!(refused(text), message);
    }
}

#[test]
fn a_long_key_is_cut() {
    let key = "k".repeat(60_000);
    let message = refused(format!(r#"{{"{key}":"SeNtInEl","{key}":1}}"#));
    assert!(message.len() < 200, "{} bytes", message.len());
    assert!(
        message.starts_with(&format!("the key \"{}..\" is there twice", &key[..80])),
        "{message}"
    );
    let message = refused("{\"a\\u001b[2J\":1,\"a\\u001b[2J\":2}");
    assert!(message.starts_with(r#"the key "a\u{1b}[2J" is there twice"#), "{message}");
}

#[test]
fn half_a_surrogate_pair_is_refused() {
    let message = "a string has half a surrogate pair, which is not a character, at line 1, column";
    for escape in [
        r"\ud800",
        r"\uDC00",
        r"\ud800\ud800",
        r"\ud800\ue000",
        r"\ud800\n",
        r"\ud800x",
        r"\udc00\ud800",
    ] {
        assert_eq!(refused(format!(r#"{{"a":"SeNtInEl{escape}"}}"#)), format!("{message} 15"));
        assert_eq!(refused(format!(r#"{{"{escape}":"SeNtInEl"}}"#)), format!("{message} 3"));
    }
}

#[test]
fn four_hexadecimal_digits_make_an_escape() {
    for escape in [r"\u+041", r"\u12", r"\u00g0", r"\u 041", r"\u"] {
        refused(format!(r#"{{"a":"SeNtInEl{escape}"}}"#));
    }
}

#[test]
fn bytes_that_are_not_text_are_refused() {
    let message = refused(b"{\"a\":\n\"SeNtInEl\xff\"}".to_vec());
    assert_eq!(message, "the payload is not UTF-8 text, at line 2, column 10");
}

#[test]
fn nesting_has_a_limit() {
    let nested =
        |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    assert_eq!(read(&nested(MAX_DEPTH)).len(), 1);
    assert_eq!(
        refused(nested(MAX_DEPTH + 1)),
        "lists and objects are nested more than 128 deep, at line 1, column 133"
    );
    refused(nested(30_000));
    let brackets = "[{".repeat(MAX_DEPTH);
    assert_eq!(read(&format!(r#"{{"a":"\"{brackets}"}}"#))[0].1, format!("\"{brackets}"));
}

#[test]
fn a_string_is_decoded_without_a_second_buffer() {
    for written in ["plain", r"\u00e9\ud83d\ude00\n", "é😀"] {
        let text = crate::payload::json::unescape(written).expect("a string");
        assert_eq!(text.capacity(), written.len());
    }
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Returns the object's text with every character of its keys and strings escaped.
fn escaped(object: &[(String, Value)]) -> String {
    let quote = |text: &str| {
        let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        format!("\"{units}\"")
    };
    let member = |(key, value): &(String, Value)| match value {
        Value::String(text) => format!("{}:{}", quote(key), quote(text)),
        other => format!("{}:{other}", quote(key)),
    };
    format!("{{{}}}", object.iter().map(member).collect::<Vec<_>>().join(","))
}

proptest! {
    #[test]
    fn members_are_those_of_serde_json(map in prop::collection::btree_map(any::<String>(), json(), 0..8)) {
        let object: Vec<(String, Value)> = map.into_iter().collect();
        let expected: Vec<(String, String)> = object
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.clone(), value.as_str().map_or(value.to_string(), str::to_owned)))
            .collect();
        let plain = object.iter().map(|(key, value)| format!("{}:{value}", Value::from(key.as_str())));
        prop_assert_eq!(&read(&format!("{{{}}}", plain.collect::<Vec<_>>().join(","))), &expected);
        prop_assert_eq!(&read(&escaped(&object)), &expected);
    }

    /// Accepts what `serde_json` accepts, and never panics.
    #[test]
    fn text_that_is_not_json_is_refused(text in r#"\{("[ab]":("(x|\\n|\\u[0-9a-dA-D]{4}|\\ud83d\\ude00)*"|[0-9.eE-]{1,4}|\[1?,?\]|null|nul),?){0,3}\}?.?"#) {
        type Theirs = std::collections::BTreeMap<String, Value>;
        let ours = members(&SecretValue::from(text.as_str()));
        match serde_json::from_str::<Theirs>(&text) {
            Ok(_) => prop_assert!(ours.is_ok() || ours.is_err_and(|fault| fault.message().contains("twice"))),
            // Numbers have a range in `serde_json`, and are text here.
            Err(error) => prop_assert!(ours.is_err() || error.to_string().contains("out of range")),
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>(), text in ".*") {
        let _ = members(&SecretValue::from(bytes));
        let _ = members(&SecretValue::from(format!("{{{text}")));
    }
}
