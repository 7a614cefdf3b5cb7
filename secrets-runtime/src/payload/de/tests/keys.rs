//! What messages show of names: those of fields and of the type, and no key inside a value.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::{
    mismatches::{Even, Mode},
    *,
};

/// A key inside a value is a part of the value.
#[test]
fn keys_inside_a_value_are_not_shown() {
    type Limits = BTreeMap<String, u16>;
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Tokens {
        limits: Limits,
        #[serde(default)]
        modes: Vec<Mode>,
        #[serde(default)]
        strict: Option<Strict>,
        #[serde(default)]
        odd: Option<BTreeMap<Even, u8>>,
    }
    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Strict {
        port: u16,
    }
    let nested = |limits: &str, modes: &str, strict: &str| {
        let fields = [("limits", limits), ("modes", modes), ("strict", strict)];
        messages(read::<Tokens>(&fields))
    };
    let refused = "expected u16, found a text";
    assert_eq!(
        nested(r#"{"SeNtInEl":"x"}"#, r#"[{"SeNtInEl":1}]"#, r#"{"port":1,"SeNtInEl":1}"#),
        [
            format!("db.limits[..]: {refused}"),
            "db.modes[0][..]: expected a name that is one of `Read`, `Write`".to_owned(),
            "db.strict[..]: the type has no such field".to_owned(),
        ]
    );
    assert_eq!(
        nested(r#"{"SeNtInEl":1,"SeNtInEl":1}"#, r#"[{"Read":1}]"#, r#"{"SeNtInEl":1}"#)[2],
        "db.strict[..]: the type has no such field"
    );
    // The name of a declared field is the program's.
    assert_eq!(nested("{}", "[]", r#"{"port":"x"}"#), [format!("db.strict.port: {refused}")]);
    let lacking = read::<Tokens>(&[("limits", "{}"), ("strict", "{}")]);
    assert_eq!(kinds(lacking), [ErrorKind::KeyNotFound]);
    for (key, value) in [("t SeNtInEl", "1"), ("vSeNtInEl", "1"), ("SeNtInEl", "x")] {
        messages(read::<Tokens>(&[("limits", "{}"), ("odd", &format!(r#"{{"{key}":{value}}}"#))]));
    }
    // Of one field, whose value has keys.
    messages(value::<Limits>(r#"{"SeNtInEl":"x"}"#));
    messages(value::<Strict>(r#"{"portSeNtInEl":1}"#));
    messages(value::<Vec<Limits>>(r#"[{"SeNtInEl":{"SeNtInEl":1}}]"#));
    // In a document they are the author's, unless a whole value stands there.
    let document = SecretValue::from(r#"{"a":{"port":"x"}}"#);
    let found = from_json::<BTreeMap<String, Limits>>("config", &document);
    assert_eq!(messages(found), [format!("config.a.port: {refused}")]);
    // A whole value that is filled in has keys of its own, however deep they are.
    type Deep = BTreeMap<String, BTreeMap<String, Vec<BTreeMap<String, bool>>>>;
    for inner in ["x", "true"] {
        let text = format!(r#"{{"a":"{{\"x\":[{{\"SeNtInEl\":\"{inner}\"}}]}}"}}"#);
        let found = from_json::<Deep>("config", &SecretValue::from(text.as_str()));
        match inner {
            "x" => {
                let path = "config.a[..][0][..]";
                assert_eq!(messages(found), [format!("{path}: expected bool, found a text")]);
            }
            _ => assert!(found.is_ok()),
        }
        let found = from_json::<BTreeMap<String, BTreeMap<String, Vec<Strict>>>>(
            "config",
            &SecretValue::from(text.as_str()),
        );
        assert!(!messages(found).is_empty());
    }
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Lacking {
        port: u16,
    }
    let document = SecretValue::from(r#"{"a":"{\"x\":{\"SeNtInEl\":1}}"}"#);
    let found = from_json::<BTreeMap<String, BTreeMap<String, Lacking>>>("config", &document);
    assert_eq!(messages(found), ["config.a[..].port: there is no such field"]);
    let document = SecretValue::from(r#"{"a":"{\"SeNtInEl\":\"x\"}"}"#);
    let found = from_json::<BTreeMap<String, Limits>>("config", &document);
    assert_eq!(messages(found), [format!("config.a[..]: {refused}")]);
}

/// A type may format the error of another type.
#[test]
fn an_error_shows_nothing_to_the_type() {
    #[derive(Debug)]
    struct Telling;
    impl<'de> Deserialize<'de> for Telling {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            match BTreeMap::<String, Even>::deserialize(deserializer) {
                Err(error) => {
                    let shown = format!("{error} {error:?} {error:#?}");
                    assert!(!shown.contains("SeNtInEl"), "a value got into an error");
                    Err(error)
                }
                Ok(_) => Ok(Self),
            }
        }
    }
    for value in ["t SeNtInEl", "vSeNtInEl", "lSeNtInEl", "x SeNtInEl"] {
        messages(self::value::<Telling>(&format!(r#"{{"SeNtInEl":"{value}"}}"#)));
    }
}

#[test]
fn a_struct_of_one_plain_value_is_one_problem() {
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Two {
        user: String,
        port: u16,
    }
    fn plain<T: DeserializeOwned>(text: &str) -> Result<T, Vec<Problem>> {
        from_plain("DB", "DB", &SecretValue::from(text))
    }
    for (text, told) in
        [("SeNtInEl", "store a JSON object"), (r#"{"user":"SeNtInEl"}"#, "is a JSON object")]
    {
        let outcome = || plain::<Two>(text);
        let message = "DB: expected a set of fields, found one plain value";
        assert_eq!(messages(outcome()), [message]);
        let help = helps(outcome())[0].clone().unwrap_or_default();
        assert!(help.contains(told) && help.contains("options = { json = true }"), "{help}");
    }
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct AllOptional {
        user: Option<String>,
        #[serde(default)]
        port: u16,
    }
    assert_eq!(kinds(plain::<AllOptional>("SeNtInEl")), [ErrorKind::KeyNotFound]);
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "what is read of it are its problems")]
    struct Flat {
        port: u16,
        #[serde(flatten)]
        rest: HashMap<String, String>,
    }
    assert_eq!(messages(plain::<Flat>("SeNtInEl")).len(), 1);
    #[derive(Deserialize, Debug)]
    struct Named {
        #[serde(rename = "DB")]
        value: String,
        other: Option<u8>,
    }
    let named = plain::<Named>("x");
    assert!(named.is_ok_and(|named| named.value == "x" && named.other.is_none()));
    assert_eq!(messages(plain::<u16>("SeNtInEl")), ["DB: expected u16, found a text"]);
    assert!(plain::<HashMap<String, String>>("x").is_ok_and(|map| map["DB"] == "x"));
    assert!(plain::<SecretValue>("x").is_ok());
}
