//! Types whose fields serde buffers before it passes them on.

use std::collections::HashMap;

use serde::Deserialize;

use super::*;

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
    assert_eq!(found[2], "db.untagged: the type's own check refuses the value");
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
    let refused = "the type's own check refuses it, or a flattened field does not fit";
    assert_eq!(messages(flat), [format!("db: {refused}")]);
    // A text that only begins like JSON stays a text.
    assert_eq!(
        messages(value::<Untagged>("{SeNtInEl")),
        ["db.it: the type's own check refuses the value"]
    );
}
