use secrets_spec::{Flaw, FlawKind, Source, Template, closest};

use crate::support::assert_points_into;

#[test]
fn every_kind_has_a_message_and_a_help() {
    for kind in FlawKind::ALL {
        let (message, help) = (kind.message(), kind.help());
        assert_eq!(kind.sentence(), format!("{message}: {help}"));
        assert!(!message.is_empty() && !help.is_empty());
        for text in [message, help] {
            assert!(!text.ends_with(['.', '!', ' ']), "{text}");
            assert!(!text.starts_with(char::is_uppercase), "{text}");
            assert!(text.is_ascii() && text.len() < 140, "{text}");
        }
        // `sentence` must have only one `: `, between message and help.
        assert!(!message.contains(": "), "{message}");
    }
}

#[test]
fn an_error_displays_its_message_and_then_its_help() {
    let error = Source::parse("prod db").unwrap_err();
    assert_eq!(
        error.to_string(),
        "a secret's name holds a character that it cannot have: \" \"; a name has 1 to 512 of A-Z a-z 0-9 / _ + = . @ -"
    );
    let _: &dyn std::error::Error = &error;
}

#[test]
fn a_long_text_is_cut_in_messages() {
    let text = format!("{}.x", "a".repeat(200));
    let error = Flaw { kind: FlawKind::TypeNearly, start: 0, end: 200 }.explain(&text);
    assert!(error.message().ends_with("a\".."), "{error}");
    assert!(error.message().len() < 130);
}

#[test]
fn a_flaw_of_another_text_never_panics() {
    for kind in FlawKind::ALL {
        for text in ["", "é", "a.b", "{{é", "ééé", "arn:é"] {
            for start in 0..6 {
                for end in 0..8 {
                    let error = Flaw { kind: *kind, start, end }.explain(text);
                    assert!(!error.message().is_empty());
                }
            }
        }
    }
}

#[test]
fn closest_returns_the_nearest_word_within_the_limit() {
    let words = ["sources", "source", "role", "id", "allow_override"];
    for (word, meant) in [
        ("source", Some("source")),
        ("sorces", Some("sources")),
        ("soruce", Some("source")),
        ("SOURCES", Some("sources")),
        ("allow-override", Some("allow_override")),
        ("allowoverride", Some("allow_override")),
        ("rle", Some("role")),
        ("roel", Some("role")),
        ("rl", None),
        ("x", None),
        ("", None),
        ("nonsense", None),
        ("override", None),
    ] {
        assert_eq!(closest(word, words), meant, "{word}");
    }
    assert_eq!(closest("x", []), None);
    // A long word is rejected by its length, without computing a distance.
    assert_eq!(closest(&"x".repeat(1 << 22), words), None);
}

#[test]
fn no_suggestion_contains_control_or_bidi_characters() {
    for text in
        ["locl.\u{1b}[2Jx", "locl.a\u{202e}b", "locl.\u{2066}ab", "loca.\u{85}", "\u{202e}prod–db"]
    {
        assert_points_into(&Source::parse(text).expect_err("it is nearly a type"), text);
    }
    // The id cannot be printed, so only the type is suggested.
    let error = Source::parse("locl.a\u{202e}b").unwrap_err();
    assert!(error.help().unwrap().starts_with("did you mean `local`?"), "{error}");
    let error = Source::parse("locl.ab").unwrap_err();
    assert!(error.help().unwrap().starts_with("did you mean `local.ab`?"), "{error}");
    for text in ["{{a.\u{202e}b | ulr}}", "{{ a\n.b|url }}"] {
        let error = Template::parse(text).expect_err(text);
        assert_points_into(&error, text);
    }
}
