//! Which parts of a value are searched, and the names of its places.

use std::collections::{BTreeMap, HashMap};

use secrets_runtime::{Error, SecretValue, secrets, testing};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::json;

use crate::leaks::{PASSWORD, base64, leaks, paths, with_db};

#[secrets(sources = ["db"], guard = "deny")]
fn returns<T: Serialize>(value: T) -> Result<T, Error> {
    Ok(value)
}

/// The places at which the password is found in a value.
#[track_caller]
fn places(value: impl Serialize) -> Vec<String> {
    match with_db(|| returns(value)) {
        Ok(_) => Vec::new(),
        Err(error) => paths(&error),
    }
}

#[derive(Serialize)]
struct Config {
    url: String,
    retries: u8,
}

#[derive(Serialize)]
enum Answer {
    Password,
    Newtype(String),
    Tuple(u8, String),
    Struct { inner: String },
}

#[derive(Serialize)]
struct Wrapper(String);

fn with(text: &str) -> String {
    format!("{text}{PASSWORD}!")
}

#[test]
fn a_value_without_a_secret_passes() {
    let value = json!({"a": ["b", 1, null, true, 1.5], "SeNtInEl": "SeNtInEl-", "c": {"d": {}}});
    assert_eq!(with_db(|| returns(value.clone())).unwrap(), value);
    assert_eq!(with_db(|| returns(())).ok(), Some(()));
}

#[test]
fn a_place_is_a_path() {
    assert_eq!(places(PASSWORD), ["$"]);
    assert_eq!(places(with("x")), ["$"]);
    assert_eq!(places(Some(with(""))), ["$"]);
    assert_eq!(places(Wrapper(with(""))), ["$"]);
    assert_eq!(places(Config { url: with("u:"), retries: 3 }), ["$.url"]);
    assert_eq!(places(json!({"config": {"url": with("")}})), ["$.config.url"]);
    assert_eq!(places(vec!["a".to_owned(), with("b")]), ["$[1]"]);
    assert_eq!(places((1, (2, with("")))), ["$[1][1]"]);
    assert_eq!(places(Answer::Password), [""; 0]);
    assert_eq!(places(Answer::Newtype(with(""))), ["$.Newtype"]);
    assert_eq!(places(Answer::Tuple(1, with(""))), ["$.Tuple[1]"]);
    assert_eq!(places(vec![Answer::Struct { inner: with("") }]), ["$[0].Struct.inner"]);
    assert_eq!(
        places(json!({"odd name": {"a\"b": [with("")]}})),
        ["$[\"odd name\"][\"a\\\"b\"][0]"]
    );
    assert_eq!(places(json!({"": with("")})), ["$[\"\"]"]);
    assert_eq!(places(BTreeMap::from([(7, with(""))])), ["$[\"7\"]"]);
}

#[test]
fn a_find_in_the_key_of_a_map_is_at_the_map_and_a_secret_in_a_path_is_masked() {
    let value = json!({"outer": {with("key-"): 1}});
    assert_eq!(places(value), ["$.outer"]);
    let value = json!({"outer": {with("key-"): [with("")]}});
    assert_eq!(places(value), ["$.outer", "$.outer[\"key-***!\"][0]"]);
}

/// A map whose keys and values come one by one.
struct OneByOne(Vec<(u8, String)>);

impl Serialize for OneByOne {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in &self.0 {
            map.serialize_key(&format!("k {key}"))?;
            map.serialize_value(value)?;
        }
        map.end()
    }
}

#[test]
fn every_kind_of_key_is_a_part_of_a_path() {
    assert_eq!(places(BTreeMap::from([(true, with(""))])), ["$.true"]);
    assert_eq!(places(BTreeMap::from([('c', with(""))])), ["$.c"]);
    assert_eq!(places(BTreeMap::from([((1, 2), with(""))])), ["$[\"[1,2]\"]"]);
    let one_by_one = OneByOne(vec![(1, "a".to_owned()), (2, with(""))]);
    assert_eq!(places(one_by_one), ["$[\"k 2\"]"]);
}

#[test]
fn several_finds_are_several_problems() {
    #[secrets(sources = ["db", "api"], guard = "deny")]
    fn step() -> Result<Vec<String>, Error> {
        Ok(vec![format!("{PASSWORD} SeNtInEl-2"), PASSWORD.to_owned(), PASSWORD.to_owned()])
    }
    let given = [("db", "password", PASSWORD), ("api", "token", "SeNtInEl-2")];
    let error = testing::with_secrets(given, step).unwrap_err();
    let found: Vec<_> = error.problems().iter().map(|it| (it.origin(), it.message())).collect();
    let [first, second, third, fourth] = found.as_slice() else { panic!("{found:?}") };
    assert!(first.0 == "db" && first.1.contains("the secret db/password is in "), "{first:?}");
    assert!(first.1.contains(", at $[0] (as value)"), "{first:?}");
    assert!(second.0 == "api" && second.1.contains("the secret api/token is in "), "{second:?}");
    assert!(third.1.contains("$[1]") && fourth.1.contains("$[2]"), "{found:?}");
    assert_eq!(error.step(), Some("step"));
}

#[test]
fn at_most_a_hundred_finds_are_reported() {
    assert_eq!(places(vec![PASSWORD; 1000]).len(), 100);
}

#[test]
fn two_fields_with_one_value_are_both_named() {
    #[secrets(sources = ["db", "replica"], guard = "deny")]
    fn step() -> Result<String, Error> {
        Ok(PASSWORD.to_owned())
    }
    let given = [("db", "password", PASSWORD), ("replica", "password", PASSWORD)];
    let error = testing::with_secrets(given, step).unwrap_err();
    let origins: Vec<_> = error.problems().iter().map(|problem| problem.origin()).collect();
    assert_eq!(origins, ["db", "replica"]);
}

#[test]
fn the_form_is_named() {
    let hex: String = PASSWORD.bytes().map(|byte| format!("{byte:02X}")).collect();
    let form = |text: &str| leaks(&with_db(|| returns(text.to_owned())).unwrap_err())[0].1.clone();
    assert_eq!(form(PASSWORD), "value");
    assert_eq!(form(&base64()), "base64");
    assert_eq!(form(&hex), "hex");

    #[secrets(sources = ["db"], guard = "deny")]
    fn step(text: &str) -> Result<String, Error> {
        Ok(text.to_owned())
    }
    let json = r#"{"p": "SeNt/In\"El"}"#;
    let url = "https://u:SeNt%2FInEl@h/";
    let lines = "SeNtInEl 1\nSeNtInEl 2";
    for (value, text, expected) in [
        (json, "SeNt/In\"El", "a part of its JSON"),
        (json, "SeNt%2FIn%22El", "a part of its JSON, percent-encoded"),
        (url, "SeNt/InEl", "the password of its URL"),
        (lines, "a SeNtInEl 2", "line"),
        ("SeNt\"InEl", r#"SeNt\"InEl"#, "JSON"),
        ("SeNt&InEl", "SeNt&amp;InEl", "XML"),
        ("SeNt'InEl", r"SeNt'\''InEl", "shell"),
        ("SeNt\u{7f}InEl", "SeNt\\u{7f}InEl", "Rust"),
    ] {
        let error = testing::with_secrets([("db", "password", value)], || step(text)).unwrap_err();
        let found = leaks(&error);
        assert_eq!((&*found[0].0, &*found[0].1), ("$", expected), "{value}");
    }
}

#[test]
fn wrapped_base64_is_found() {
    let long = "SeNtInEl-of-some-length-with-more-than-one-line-of-base64-in-all";
    #[secrets(sources = ["db"], guard = "deny")]
    fn step(text: String) -> Result<String, Error> {
        Ok(text)
    }
    use base64ct::{Base64, Encoding};
    let letters = Base64::encode_string(long.as_bytes());
    let text = format!("{}\n{}\n", &letters[..64], &letters[64..]);
    let error = testing::with_secrets([("db", "password", long)], || step(text)).unwrap_err();
    assert_eq!(error.problems().len(), 1);
}

#[test]
fn a_long_value_is_found_in_a_long_text_and_in_one_that_comes_in_pieces() {
    #[secrets(sources = ["db"], guard = "deny")]
    fn step<T: Serialize>(value: T) -> Result<T, Error> {
        Ok(value)
    }
    struct Pieces(String);
    impl Serialize for Pieces {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            struct InPieces<'a>(&'a str);
            impl std::fmt::Display for InPieces<'_> {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    self.0
                        .as_bytes()
                        .chunks(7)
                        .try_for_each(|piece| f.write_str(std::str::from_utf8(piece).unwrap()))
                }
            }
            serializer.collect_str(&InPieces(&self.0))
        }
    }
    let value: String = (0..1000).map(|number| format!("SeNtInEl line {number:04}\r\n")).collect();
    let whole = format!("{}{value}{}", "x".repeat(10_000), "y".repeat(10_000));
    let last_line = format!("{}SeNtInEl line 0999", "x".repeat(100_000));
    let cut = &value[..18];
    let run = |value: &str, text: &dyn Fn() -> Result<(), Error>| {
        testing::with_secrets([("db", "password", value)], text)
    };
    for text in [whole, last_line] {
        assert!(run(&value, &|| step(text.clone()).map(drop)).is_err());
        assert!(run(&value, &|| step(Pieces(text.clone())).map(drop)).is_err());
    }
    assert!(run(&value, &|| step(cut[..17].to_owned()).map(drop)).is_ok());
    for at in 0..30 {
        let text = format!("{}{PASSWORD}", "-".repeat(4090 + at));
        assert!(with_db(|| returns(Pieces(text))).is_err(), "{at}");
    }
}

#[test]
fn numbers_characters_and_bytes_are_searched() {
    #[secrets(sources = ["pin"], guard = "deny")]
    fn step<T: Serialize>(value: T) -> Result<T, Error> {
        Ok(value)
    }
    struct Bytes(Vec<u8>);
    impl Serialize for Bytes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(&self.0)
        }
    }
    let is_found = |secret: &str, step: &dyn Fn() -> Result<(), Error>| {
        testing::with_secrets([("pin", "pin", secret)], step).is_err()
    };
    assert!(is_found("483920", &|| step(483_920_u32).map(drop)));
    assert!(is_found("483920", &|| step(1_483_920_u64).map(drop)));
    assert!(is_found("-483920", &|| step(-483_920_i128).map(drop)));
    assert!(is_found("4839.25", &|| step(4839.25_f64).map(drop)));
    assert!(is_found("{\"pin\": 483920}", &|| step(483_920).map(drop)));
    assert!(!is_found("483920", &|| step(483_921).map(drop)));
    assert!(is_found("483920", &|| step(HashMap::from([(483_920, 1)])).map(drop)));
    assert!(is_found("🦀", &|| step('🦀').map(drop)));
    assert!(is_found(PASSWORD, &|| step(Bytes(PASSWORD.into())).map(drop)));
    // It is written as a list of numbers.
    assert!(!is_found(PASSWORD, &|| step(PASSWORD.as_bytes().to_vec()).map(drop)));
}

#[test]
fn json_as_it_is_written_is_searched_at_its_place() {
    let raw = |text: &str| serde_json::value::RawValue::from_string(text.to_owned()).unwrap();
    assert_eq!(places(vec![raw("1"), raw(&json!([PASSWORD]).to_string())]), ["$[1]"]);
}

#[test]
fn a_binary_value_is_found() {
    #[secrets(sources = ["key"], guard = "deny")]
    fn step(text: String) -> Result<String, Error> {
        Ok(text)
    }
    let key = || SecretValue::from(vec![0, 159, 146, 150, 255, 7]);
    let error = testing::with_secrets([("key", "key", key())], || step("x AJ+Slv8H".to_owned()));
    assert_eq!(leaks(&error.unwrap_err())[0].1, "base64");
}

#[test]
fn what_is_too_short_or_too_common_passes() {
    #[secrets(sources = ["db"], guard = "deny")]
    fn step() -> Result<[&'static str; 2], Error> {
        Ok(["abc", "localhost"])
    }
    let given = [("db", "user", "abc"), ("db", "host", "localhost")];
    assert!(testing::with_secrets(given, step).is_ok());
}
