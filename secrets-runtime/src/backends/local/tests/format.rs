//! The form of the files, as the design writes it down.

use base64ct::{Base64UrlUnpadded, Encoding};

use crate::{
    backend::payload::Payload,
    backends::local::{
        file_name::FileName,
        header::{ContentType, JweHeader},
        jwe::{Jwe, JweFlaw, seal},
        key::StoreKey,
        tests::home::{Home, put},
    },
};

const KEY: &str =
    r#"{"kty":"oct","alg":"A256GCM","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}"#;

fn key() -> StoreKey {
    StoreKey::from_jwk(KEY.as_bytes()).expect("a key")
}

fn header() -> JweHeader {
    JweHeader { kid: None, content: ContentType::Text, secret: "a".into(), version: "v1".into() }
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

#[test]
fn a_file_is_named_by_forty_characters_of_the_name_and_its_hash() {
    // As `printf %s NAME | sha256sum` prints it.
    let cases = [
        ("db", "db-7bdc25d1694ef984782a16f6f1710c1c6bc83ba7a131b515baf532bea021d011.jwe"),
        (
            "Prod/DB creds_1-x",
            "proddbcreds_1-x-18e9024b453966bfdc2848ffc444a1d75ee46e6ae639774d1a393036f5b3365f.jwe",
        ),
        ("名", "-51a5d681a99c0e3bf2c673f6ad32e80b20c052dee05993f884615da33713cac9.jwe"),
    ];
    for (name, expected) in cases {
        assert_eq!(FileName::of(name).current(), expected);
    }
    let file = FileName::of(&"n".repeat(512)).previous();
    assert!(file.starts_with(&format!("{}-", "n".repeat(40))) && file.ends_with(".previous.jwe"));
    assert_eq!(file.len(), 40 + 1 + 64 + 13);
    assert!(!FileName::is_current(&file) && FileName::is_current("x.jwe"));
}

#[test]
fn a_store_file_is_five_parts_with_exactly_our_header_and_no_line_break() {
    let home = Home::new();
    let version = put(&home.store(), "a \"b\"", "SeNtInEl").expect("it is written");
    let text = std::fs::read_to_string(home.current("a \"b\"")).expect("the file");
    let parts: Vec<_> = text.split('.').collect();
    let lengths: Vec<_> = parts.iter().skip(1).map(|part| part.len()).collect();
    assert_eq!(lengths, [0, 16, 11, 22]);
    let header = Base64UrlUnpadded::decode_vec(parts[0]).expect("base64url");
    let jwk = std::fs::read_to_string(home.key_file()).expect("the key");
    let jwk: serde_json::Value = serde_json::from_str(&jwk).expect("JSON");
    let kid = &jwk["kid"];
    let expected = format!(
        r#"{{"alg":"dir","enc":"A256GCM","kid":{kid},"cty":"text","secret":"a \"b\"","version":"{version}"}}"#
    );
    assert_eq!(String::from_utf8(header).expect("text"), expected);
}

#[test]
fn each_write_has_a_nonce_of_its_own() {
    let mut nonces: Vec<_> = (0..100)
        .map(|_| seal(&header(), b"SeNtInEl", &key()).expect("a file"))
        .map(|text| text.split('.').nth(2).expect("the nonce").to_owned())
        .collect();
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 100);
}

#[test]
fn base64url_is_decoded_strictly_in_every_part() {
    let text = seal(&header(), b"SeNtInEl", &key()).expect("a file");
    assert!(Jwe::parse(text.as_bytes()).and_then(|jwe| jwe.open(&key())).is_ok());
    let parts: Vec<_> = text.split('.').collect();
    for part in 0..5 {
        let with = |change: &dyn Fn(&str) -> String| {
            let mut parts: Vec<_> = parts.iter().map(ToString::to_string).collect();
            parts[part] = change(&parts[part]);
            Jwe::parse(parts.join(".").as_bytes()).map(|_| ())
        };
        for added in ["=", "==", "\n", "\r\n", " ", "+", "/", "\u{e4}"] {
            assert!(with(&|part| format!("{part}{added}")).is_err(), "{part} {added:?}");
            assert!(with(&|part| format!("{added}{part}")).is_err(), "{part} {added:?}");
        }
    }
    // 8 bytes leave four bits over, and 16 bytes too: none of them may be set.
    for part in [3, 4] {
        let mut parts: Vec<_> = parts.iter().map(ToString::to_string).collect();
        let last = parts[part].pop().expect("a character");
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let value = alphabet.find(last).expect("base64url");
        parts[part].push(char::from(alphabet.as_bytes()[value + 1]));
        assert!(matches!(Jwe::parse(parts.join(".").as_bytes()), Err(JweFlaw::Part(_))), "{part}");
    }
}

#[test]
fn a_header_of_another_kind_is_refused_though_it_authenticates() {
    let good = r#"{"alg":"dir","enc":"A256GCM","cty":"text","secret":"a","version":"v1"}"#;
    assert_eq!(JweHeader::parse(good.as_bytes()), Ok(header()));
    // White space and order are the writer's.
    let with_kid = good.replacen(r#","cty""#, r#","kid":"k \"1\"","cty""#, 1);
    let header_with_kid = JweHeader { kid: Some("k \"1\"".into()), ..header() };
    assert_eq!(JweHeader::parse(with_kid.as_bytes()).as_ref(), Ok(&header_with_kid));
    assert_eq!(header_with_kid.to_json(), with_kid);
    let other =
        r#"{ "version": "v1", "secret": "\u0061", "cty": "text", "enc": "A256GCM", "alg": "dir" }"#;
    assert_eq!(JweHeader::parse(other.as_bytes()), Ok(header()));
    let long = format!(r#""version":"{}""#, "v".repeat(257));
    for (from, to) in [
        (r#""dir""#, r#""A256GCMKW""#),
        (r#""A256GCM""#, r#""A128GCM""#),
        (r#""A256GCM""#, r#""A256CBC-HS512""#),
        (r#""text""#, r#""JSON""#),
        (r#""text""#, r#""""#),
        (r#""version":"v1""#, r#""version":"""#),
        (r#""version":"v1""#, r#""version":1"#),
        (r#""version":"v1""#, r#""version":null"#),
        (r#""version":"v1""#, long.as_str()),
        (r#""secret":"a""#, r#""secret":"""#),
        (r#""secret":"a""#, r#""secret":"a\u0000""#),
        (r#""secret":"a""#, r#""secret":"\ud800""#),
        (r#""secret":"a""#, r#""secret":"a","secret":"b""#),
        (r#""secret":"a""#, r#""secret":"a","secret":"a""#),
        (r#""secret":"a""#, r#""secret":"a","\u0073ecret":"a""#),
        (r#""secret":"a","#, ""),
        (r#""alg":"dir","#, ""),
        (r#""cty":"text","#, ""),
        (r#""cty":"text""#, r#""cty":"text","zip":"DEF""#),
        (r#""cty":"text""#, r#""cty":"text","kid":"""#),
        (r#""cty":"text""#, r#""cty":"text","kid":1"#),
        (r#""cty":"text""#, r#""cty":"text","kid":"k","kid":"k""#),
        (r#""cty":"text""#, r#""cty":"text","jku":"k""#),
        (r#""cty":"text""#, r#""cty":"text","crit":["exp"]"#),
        ("}", "} "),
        ("}", "}}"),
        ("}", ",}"),
        ("{", "\u{feff}{"),
        ("{", "["),
    ] {
        let json = good.replacen(from, to, 1);
        // Space after the object is JSON still; everything else is not a header of ours.
        assert_eq!(JweHeader::parse(json.as_bytes()).is_err(), to != "} ", "{json}");
        let sealed = seal_with(&json);
        assert_eq!(Jwe::parse(sealed.as_bytes()).is_err(), to != "} ", "{json}");
    }
    assert!(JweHeader::parse(b"\xFF").is_err());
}

/// A file whose header is `json`, and which authenticates.
fn seal_with(json: &str) -> String {
    let (protected, nonce, mut buffer) = (encode(json.as_bytes()), [7; 12], b"SeNtInEl".to_vec());
    let tag = key().encrypt(&nonce, protected.as_bytes(), &mut buffer).expect("it is encrypted");
    format!("{protected}..{}.{}.{}", encode(&nonce), encode(&buffer), encode(&tag))
}

#[test]
fn an_encrypted_key_is_refused() {
    let text = seal(&header(), b"SeNtInEl", &key()).expect("a file");
    let with_key = text.replacen("..", ".AAAA.", 1);
    assert!(matches!(Jwe::parse(with_key.as_bytes()), Err(JweFlaw::Part(_))));
}

#[test]
fn text_that_is_no_text_is_refused_and_binary_is_not() {
    for (cty, expected) in [("text", true), ("json", true), ("binary", false)] {
        let json =
            format!(r#"{{"alg":"dir","enc":"A256GCM","cty":"{cty}","secret":"a","version":"v"}}"#);
        let (protected, mut buffer) = (encode(json.as_bytes()), vec![0xFF, 0xFE]);
        let tag = key().encrypt(&[7; 12], protected.as_bytes(), &mut buffer).expect("encrypted");
        let text =
            format!("{protected}..{}.{}.{}", encode(&[7; 12]), encode(&buffer), encode(&tag));
        let opened = Jwe::parse(text.as_bytes()).and_then(|jwe| jwe.open(&key()));
        assert_eq!(matches!(opened, Err(JweFlaw::NotText)), expected, "{cty}");
    }
}

/// Test case 16 of the GCM specification.
#[test]
fn the_cipher_is_that_of_the_standard() {
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len() / 2)
            .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).expect("hex"))
            .collect()
    };
    let k = encode(&hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"));
    let key =
        StoreKey::from_jwk(format!(r#"{{"kty":"oct","alg":"A256GCM","k":"{k}"}}"#).as_bytes())
            .expect("a key");
    let mut buffer = hex(concat!(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525",
        "b16aedf5aa0de657ba637b39"
    ));
    let nonce = hex("cafebabefacedbaddecaf888").try_into().expect("12 bytes");
    let aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let tag = key.encrypt(&nonce, &aad, &mut buffer).expect("it is encrypted");
    let expected = hex(concat!(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838",
        "c5f61e6393ba7a0abcc9f662"
    ));
    assert_eq!(buffer, expected);
    assert_eq!(tag.to_vec(), hex("76fc6ece0f4e1768cddf8853bb2d551b"));
}

#[test]
fn no_debug_text_shows_key_or_value() {
    let text = seal(&header(), b"SeNtInEl", &key()).expect("a file");
    let jwe = Jwe::parse(text.as_bytes()).expect("a file");
    let shown = format!("{:?} {jwe:?} {:?}", key(), Payload::Text("SeNtInEl".into()));
    assert!(
        !shown.contains("SeNtInEl")
            && !shown.contains("AAECAw")
            && shown.contains("StoreKey([REDACTED])")
    );
}
