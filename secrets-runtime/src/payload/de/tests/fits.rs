use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    num::NonZeroU16,
};

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Db {
    user: String,
    password: SecretValue,
    port: u16,
    tls: Option<bool>,
}

#[test]
fn a_struct_reads_its_fields_by_name() {
    let db: Db = built(&[
        ("port", "5432"),
        ("user", "app"),
        ("password", "SeNtInEl"),
        ("engine", "left alone"),
    ]);
    assert_eq!(
        (db.user.as_str(), text(&db.password), db.port, db.tls),
        ("app", "SeNtInEl", 5432, None)
    );
    let db: Db = built(&[("port", "0"), ("user", ""), ("password", "1.50"), ("tls", "true")]);
    assert_eq!(
        (db.user.as_str(), text(&db.password), db.port, db.tls),
        ("", "1.50", 0, Some(true))
    );
}

#[test]
fn every_number_parses_whole() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Numbers(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, f32, f64);
    let text = format!(
        "[255,65535,{},{},{},-128,-32768,{},{},{},1.5,1E300]",
        u32::MAX,
        u64::MAX,
        u128::MAX,
        i32::MIN,
        i64::MIN,
        i128::MIN
    );
    let expected = Numbers(
        255,
        65535,
        u32::MAX,
        u64::MAX,
        u128::MAX,
        -128,
        -32768,
        i32::MIN,
        i64::MIN,
        i128::MIN,
        1.5,
        1e300,
    );
    assert_eq!(value::<Numbers>(&text).expect("numbers"), expected);
    assert_eq!(value::<f64>("-0.0").expect("a number").to_string(), "-0");
}

#[test]
fn a_number_keeps_its_text_in_a_text() {
    assert_eq!(value::<String>("1.50").expect("text"), "1.50");
    assert_eq!(text(&value::<SecretValue>("1E5").expect("a value")), "1E5");
    let nested: Vec<SecretValue> = value(r#"[1.50, "a", true, {"b" : 1}]"#).expect("a list");
    assert_eq!(nested.iter().map(text).collect::<Vec<_>>(), ["1.50", "a", "true", r#"{"b" : 1}"#]);
}

#[test]
fn one_field_is_a_scalar() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Token(String);
    #[derive(Deserialize, PartialEq, Debug)]
    enum Mode {
        #[serde(rename = "read-only")]
        ReadOnly,
        Write,
    }
    assert_eq!(built::<u16>(&[("port", "5432")]), 5432);
    assert_eq!(built::<Option<Token>>(&[("token", "x")]), Some(Token("x".into())));
    assert_eq!(text(&built::<SecretValue>(&[("token", "SeNtInEl")])), "SeNtInEl");
    assert_eq!(text(&built::<SecretValue>(&[("token", r#"{"a":1}"#)])), r#"{"a":1}"#);
    assert_eq!(built::<Mode>(&[("mode", "read-only")]), Mode::ReadOnly);
    assert_eq!(value::<Mode>("Write").expect("a variant"), Mode::Write);
    assert_eq!(value::<char>("é").expect("a character"), 'é');
    assert_eq!(value::<bool>("false").ok(), Some(false));
    assert_eq!(value::<IpAddr>("10.0.0.1").expect("an address").to_string(), "10.0.0.1");
    assert_eq!(value::<NonZeroU16>("7").expect("a number").get(), 7);
    assert_eq!(built::<Vec<u8>>(&[("list", "[1,2]")]), [1, 2]);
}

#[test]
fn maps_take_every_field() {
    let fields = [("a", "1"), ("b", "SeNtInEl")];
    assert_eq!(text(&built::<HashMap<String, SecretValue>>(&fields)["b"]), "SeNtInEl");
    let sorted: BTreeMap<String, String> = built(&fields);
    assert_eq!(sorted.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(built::<BTreeMap<u8, bool>>(&[("7", "true")]), BTreeMap::from([(7, true)]));
    assert!(built::<HashMap<String, String>>(&[]).is_empty());
}

#[test]
fn nested_types_are_read_from_json() {
    #[derive(Deserialize)]
    struct Cluster {
        primary: Db,
        hosts: Vec<(String, u16)>,
        limits: BTreeMap<String, Option<u32>>,
        mode: Mode,
        spare: Option<Box<Cluster>>,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    enum Mode {
        Off,
        Ttl(u32),
        Pair(u8, String),
        Window { from: u8 },
    }
    let cluster: Cluster = built(&[
        ("primary", r#"{"user":"a\u0062","password":1.50,"port":5432,"tls":null}"#),
        ("hosts", r#"[["x",1],["y","2"]]"#),
        ("limits", r#"{"a":5,"b":null}"#),
        ("mode", "Off"),
    ]);
    assert_eq!((cluster.primary.user.as_str(), text(&cluster.primary.password)), ("ab", "1.50"));
    assert_eq!((cluster.primary.port, cluster.primary.tls), (5432, None));
    assert_eq!(cluster.hosts, [("x".to_owned(), 1), ("y".to_owned(), 2)]);
    assert_eq!((cluster.limits.get("a"), cluster.mode), (Some(&Some(5)), Mode::Off));
    assert!(cluster.spare.is_none());
    assert_eq!(value::<Mode>(r#"{"Ttl":"60"}"#).expect("a variant"), Mode::Ttl(60));
    assert_eq!(value::<Mode>(r#"{"Pair":[1,"a"]}"#).expect("a variant"), Mode::Pair(1, "a".into()));
    assert_eq!(built::<Mode>(&[("Window", r#"{"from":3}"#)]), Mode::Window { from: 3 });
    assert_eq!(built::<Mode>(&[("Off", "Off")]), Mode::Off);
    assert_eq!(value::<Mode>(r#"{"Off":null}"#).expect("a variant"), Mode::Off);
    assert_eq!(value::<Vec<Option<u8>>>("[1,null]").expect("a list"), [Some(1), None]);
}

#[test]
fn attributes_of_serde_apply() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "SCREAMING_SNAKE_CASE")]
    struct Renamed {
        access_key: SecretValue,
        #[serde(default)]
        retries: u8,
        #[serde(default = "three", alias = "TRIES")]
        tries: u8,
    }
    fn three() -> u8 {
        3
    }
    let renamed: Renamed = built(&[("ACCESS_KEY", "SeNtInEl")]);
    assert_eq!((text(&renamed.access_key), renamed.retries, renamed.tries), ("SeNtInEl", 0, 3));
    assert_eq!(built::<Renamed>(&[("ACCESS_KEY", "x"), ("TRIES", "9")]).tries, 9);
}

#[test]
fn flattened_fields_are_buffered_as_text() {
    #[derive(Deserialize)]
    struct Outer {
        port: u16,
        #[serde(flatten)]
        rest: HashMap<String, SecretValue>,
    }
    let outer: Outer = built(&[("port", "1"), ("pin", "1.50"), ("json", r#"{"a":1}"#)]);
    assert_eq!(
        (outer.port, text(&outer.rest["pin"]), text(&outer.rest["json"])),
        (1, "1.50", r#"{"a":1}"#)
    );
}

#[test]
fn flattened_numbers_are_found_at_the_second_reading() {
    #[derive(Deserialize)]
    struct Outer {
        name: String,
        #[serde(flatten)]
        inner: Inner,
    }
    #[derive(Deserialize)]
    struct Inner {
        port: u16,
        tls: bool,
        pin: SecretValue,
        #[serde(default)]
        comment: String,
    }
    let outer: Outer =
        built(&[("name", "12"), ("port", "1"), ("tls", "true"), ("pin", "1.50"), ("comment", "x")]);
    assert_eq!((outer.name.as_str(), outer.inner.port, outer.inner.tls), ("12", 1, true));
    assert_eq!((text(&outer.inner.pin), outer.inner.comment.as_str()), ("1.50", "x"));
}

#[test]
fn tagged_and_untagged_enums_are_found() {
    #[derive(Deserialize, PartialEq, Debug)]
    #[serde(tag = "type", rename_all = "lowercase")]
    enum Auth {
        Basic { user: String, tries: u8 },
        None,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    #[serde(untagged)]
    enum Either {
        Hosts(Vec<String>),
        Port { port: u16 },
        Text(String),
    }
    #[derive(Deserialize)]
    struct Both {
        auth: Auth,
        either: Either,
    }
    let basic = || Auth::Basic { user: "12".into(), tries: 3 };
    assert_eq!(value::<Auth>(r#"{"type":"basic","user":"12","tries":3}"#).ok(), Some(basic()));
    assert_eq!(built::<Auth>(&[("type", "none")]), Auth::None);
    assert_eq!(
        built::<Auth>(&[("type", "basic"), ("user", "a"), ("tries", "3")]),
        Auth::Basic { user: "a".into(), tries: 3 }
    );
    // A number that is buffered for a value keeps its text.
    #[derive(Deserialize)]
    #[serde(tag = "type")]
    enum Card {
        Chip { pin: SecretValue, tries: u8 },
    }
    let Card::Chip { pin, tries } =
        value(r#"{"type":"Chip","pin":1.50,"tries":3}"#).expect("a card");
    assert_eq!((text(&pin), tries), ("1.50", 3));
    let both: Both =
        built(&[("auth", r#"{"type":"basic","user":"12","tries":3}"#), ("either", "plain")]);
    assert_eq!((both.auth, both.either), (basic(), Either::Text("plain".into())));
    assert_eq!(value::<Vec<Either>>(r#"[{"port":1}, "x"]"#).map(|list| list.len()).ok(), Some(2));
}

#[test]
fn an_absent_source_is_none() {
    let why = || Problem::new(ErrorKind::NotFound, "there is no such secret");
    assert!(from_absent::<Option<Db>>(why()).is_ok_and(|db| db.is_none()));
    assert_eq!(kinds(from_absent::<Db>(why())), [ErrorKind::NotFound]);
    assert_eq!(kinds(from_absent::<String>(why())), [ErrorKind::NotFound]);
    assert_eq!(
        messages(from_absent::<HashMap<String, String>>(why())),
        ["there is no such secret"]
    );
    // A type that accepts `null` does not accept that a secret is missing.
    #[derive(Deserialize, Debug)]
    #[serde(untagged)]
    enum Maybe {
        Nothing,
        Text(String),
    }
    assert_eq!(kinds(from_absent::<serde_json::Value>(why())), [ErrorKind::NotFound]);
    assert_eq!(kinds(from_absent::<Maybe>(why())), [ErrorKind::NotFound]);
    assert!(!accepts_absence::<Maybe>() && accepts_absence::<Option<Maybe>>());
    let both = value::<Vec<Maybe>>(r#"[null, "x"]"#);
    assert!(matches!(both.as_deref(), Ok([Maybe::Nothing, Maybe::Text(text)]) if text == "x"));
}

/// `serde_json` asks a visitor what it expects only if it refuses what it gets.
#[test]
fn a_visitor_is_not_asked_what_it_expects_while_everything_fits() {
    struct Silent;
    impl<'de> Deserialize<'de> for Silent {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl serde::de::Visitor<'_> for Visitor {
                type Value = Silent;
                fn expecting(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    panic!("it is asked")
                }
                fn visit_u64<E>(self, _: u64) -> Result<Silent, E> {
                    Ok(Silent)
                }
            }
            deserializer.deserialize_u64(Visitor)
        }
    }
    assert!(value::<Silent>("1").is_ok());
}

#[test]
fn a_document_that_is_null_is_none() {
    let null = SecretValue::from("null");
    assert_eq!(from_json::<Option<u8>>("config", &null).ok(), Some(None));
    assert_eq!(kinds(from_json::<u8>("config", &null)), [ErrorKind::Undecodable]);
}

#[test]
fn bytes_are_bytes() {
    struct Raw(Vec<u8>);
    impl<'de> Deserialize<'de> for Raw {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl serde::de::Visitor<'_> for Visitor {
                type Value = Raw;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("bytes")
                }
                fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Raw, E> {
                    Ok(Raw(bytes.to_vec()))
                }
            }
            deserializer.deserialize_byte_buf(Visitor)
        }
    }
    let binary = SecretValue::from(b"\xff\0SeNtInEl".to_vec());
    let fields = [("key", &binary, None)];
    assert_eq!(from_fields::<Raw>("db", &fields).expect("bytes").0, binary.expose_bytes());
    assert_eq!(
        from_value::<SecretValue>("db", &binary).expect("a value").expose_bytes(),
        binary.expose_bytes()
    );
    let map: HashMap<String, SecretValue> = from_fields("db", &fields).expect("a map");
    assert_eq!(map["key"].expose_bytes(), binary.expose_bytes());
    assert_eq!(value::<Raw>("text").expect("bytes").0, b"text");
}
