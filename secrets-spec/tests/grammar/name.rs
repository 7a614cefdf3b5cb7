use secrets_spec::{FlawKind, MAX_NAME_BYTES, Source, check_name};

use crate::support::pointed;

const _: () = assert!(check_name("metaflow-example-password").is_none());
const _: () = assert!(check_name("").is_some());

fn flaw(text: &str) -> (FlawKind, usize, usize) {
    let flaw = check_name(text).unwrap_or_else(|| panic!("{text:?} is no name"));
    (flaw.kind, flaw.start, flaw.end)
}

#[test]
fn names_have_letters_digits_and_nine_other_characters() {
    for good in ["a", "prod/db", "A-Z_a.z0+9=@x", "/", ".", "..", "-", "9lives", "a.b.c", "12"] {
        assert_eq!(check_name(good), None, "{good}");
    }
    for byte in 0..=0x7F_u8 {
        let text = format!("a{}b", char::from(byte));
        let good = byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte);
        assert_eq!(check_name(&text).is_none(), good, "byte {byte:#04x}");
    }
}

#[test]
fn an_empty_name_is_an_error() {
    assert_eq!(flaw(""), (FlawKind::NameEmpty, 0, 0));
    assert_eq!(Source::parse("").unwrap_err().range(), 0..0);
}

#[test]
fn a_name_has_at_most_512_bytes() {
    assert_eq!(check_name(&"x".repeat(MAX_NAME_BYTES)), None);
    assert_eq!(flaw(&"x".repeat(513)), (FlawKind::NameLong, 512, 513));
    assert_eq!(flaw(&"x".repeat(1000)), (FlawKind::NameLong, 512, 1000));
    // The message does not quote the excess bytes.
    let error = Source::parse(&"x".repeat(1000)).unwrap_err();
    assert_eq!(error.message(), "a secret's name is longer than 512 bytes");
}

#[test]
fn an_error_covers_the_whole_first_invalid_character() {
    assert_eq!(flaw("a\0b"), (FlawKind::NameCharacter, 1, 2));
    assert_eq!(flaw("a\nb"), (FlawKind::NameCharacter, 1, 2));
    assert_eq!(flaw("\u{7F}"), (FlawKind::NameCharacter, 0, 1));
    assert_eq!(flaw("pässwörd"), (FlawKind::NameCharacter, 1, 3));
    assert_eq!(flaw("a🔑b"), (FlawKind::NameCharacter, 1, 5));
    assert_eq!(flaw("a b c"), (FlawKind::NameCharacter, 1, 2));
    let text = "prod db";
    let error = Source::parse(text).unwrap_err();
    assert_eq!(pointed(&error, text), " ");
    assert!(error.message().ends_with(r#"cannot have: " ""#), "{error}");
    assert!(error.help().unwrap().contains("1 to 512"));
}

#[test]
fn control_characters_are_escaped_in_messages() {
    let error = Source::parse("a\u{1b}[31mb").unwrap_err();
    assert!(error.to_string().contains(r"\u{1b}"), "{error}");
    assert!(!error.to_string().contains('\u{1b}'));
}

#[test]
fn typos_are_corrected_in_the_help() {
    for (written, meant) in [
        (" prod-db", "prod-db"),
        ("prod-db\n", "prod-db"),
        ("'prod-db'", "prod-db"),
        ("\"prod-db\"", "prod-db"),
        ("“prod–db”", "prod-db"),
        ("prod\u{2014}db", "prod-db"),
        ("`aws-secrets-manager.prod/db`", "aws-secrets-manager.prod/db"),
    ] {
        let error = Source::parse(written).unwrap_err();
        let help = error.help().unwrap();
        assert!(help.starts_with(&format!("did you mean `{meant}`?")), "{written:?}: {help}");
    }
    // An invalid text is never suggested.
    for written in ["prod db", "a\0b", "   ", "''", "pässword"] {
        let error = Source::parse(written).unwrap_err();
        assert!(!error.help().unwrap().contains("did you mean"), "{written:?}: {error}");
    }
}
