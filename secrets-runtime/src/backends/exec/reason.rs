//! What a program says about its failure, without secrets.

use std::env;

use zeroize::Zeroizing;

use crate::{
    backends::exec::run::ErrorOutput,
    core::{
        error::{Error, ErrorKind},
        escape::escape_controls,
        secret_value::SecretValue,
    },
    mask::{masker::Masker, other_whitespace, process},
};

/// How many characters of a reason are shown.
const MAX_CHARS: usize = 300;

const MASK: &str = "***";

/// The shortest word that is taken for a credential.
const MIN_CREDENTIAL: usize = 8;

/// What may be shown of the reasons of one call, and what may not.
pub(super) struct Reason<'a> {
    /// The variables that the program got besides those that every program gets.
    variables: &'a [String],
    id: &'a str,
    /// The arguments with the id in them. Others may have a password.
    arguments: &'a [String],
}

impl<'a> Reason<'a> {
    pub(super) fn new(variables: &'a [String], id: &'a str, arguments: &'a [String]) -> Self {
        Self { variables, id, arguments }
    }

    /// Returns an error whose message ends with what the program has said.
    pub(super) fn error(
        &self,
        kind: ErrorKind,
        message: String,
        error_output: &ErrorOutput,
        printed: &Zeroizing<Vec<u8>>,
    ) -> Error {
        match self.shown(&error_output.bytes, error_output.is_cut, printed) {
            reason if reason.is_empty() => Error::new(kind, message),
            reason => Error::new(kind, format!("{message}: {reason}")),
        }
    }

    /// Returns a text in one line, masked and cut.
    fn shown(&self, text: &[u8], is_cut: bool, printed: &[u8]) -> String {
        // What the program has printed before it failed may be a secret or a part of one. A token that the program got is
        // not a reason.
        let mut values = vec![SecretValue::from(printed.to_vec())];
        let variables = self.variables.iter().map(|name| env::var_os(name).unwrap_or_default());
        values.extend(variables.map(SecretValue::from));
        let own = Masker::new();
        values.iter().for_each(|value| own.add(value));
        values.extend(process::values());
        // The words become one line, so a secret is found in whatever lines it is.
        let known = other_whitespace::mask_with_other_whitespace(text, is_cut, &values);
        let known = Zeroizing::new(String::from_utf8_lossy(&known).into_owned());
        let mut known = known.as_str();
        if is_cut {
            // The last word may be the beginning of a secret that nobody here knows.
            known = known.rsplit_once(char::is_whitespace).map_or("", |(whole, _)| whole);
        }
        let mut line = Zeroizing::new(String::with_capacity(known.len()));
        let mut preceding = PrecedingText::Other;
        for word in known.split_whitespace() {
            if !line.is_empty() {
                line.push(' ');
            }
            preceding = self.push_word(word, preceding, &mut line);
        }
        // Nothing that is known stands in what is shown, whatever has become of it on the way.
        let line = Zeroizing::new(process::mask(&own.mask(&line)).into_owned());
        let mut shown: String = line.chars().take(MAX_CHARS).collect();
        if line.chars().nth(MAX_CHARS).is_some() {
            shown.push_str("..");
        }
        escape_controls(shown)
    }

    /// Adds a word to a line, with what looks like a credential masked. Returns what the next word comes after.
    fn push_word(
        &self,
        word: &str,
        mut preceding: PrecedingText,
        line: &mut String,
    ) -> PrecedingText {
        let is_border = |c: char| "\"'`,;()[]{}<>=|".contains(c);
        for part in word.split_inclusive(is_border) {
            let inner = part.trim_end_matches(is_border);
            let border = &part[inner.len()..];
            let shown = match preceding {
                PrecedingText::Value if !inner.is_empty() => 0,
                _ if looks_like_credential(inner) => 0,
                _ => start_of_value(inner).unwrap_or(inner.len()),
            };
            let (shown, hidden) = inner.split_at(shown);
            line.push_str(shown);
            line.push_str(if self.is_of_command(hidden) { hidden } else { MASK });
            line.push_str(border);
            preceding = preceding.and(inner, border);
        }
        preceding
    }

    /// Whether a word is part of what the user has written.
    fn is_of_command(&self, word: &str) -> bool {
        let word = word.trim_end_matches([':', '.']);
        self.id.contains(word) || self.arguments.iter().any(|argument| argument.contains(word))
    }
}

/// What a part of a text comes after.
#[derive(Debug, Clone, Copy, PartialEq)]
enum PrecedingText {
    /// The name of a credential.
    Name,
    /// That name and a `:` or `=`: what follows is the value.
    Value,
    Other,
}

impl PrecedingText {
    /// Returns what comes before the part that follows these two.
    fn and(self, inner: &str, border: &str) -> Self {
        let ends_name = inner.ends_with(':') || border == "=";
        let name = inner.rsplit(':').find(|name| !name.is_empty());
        let now = match (name, self) {
            (Some(name), _) if !is_name_of_credential(name) => Self::Other,
            (Some(_), Self::Value) => Self::Other,
            (None, Self::Name) | (Some(_), _) if ends_name => Self::Value,
            (Some(_), _) => Self::Name,
            (None, before) => before,
        };
        // Brackets and quotes stand around names and values, and these after them.
        if [",", ";", "|"].contains(&border) { Self::Other } else { now }
    }
}

/// Returns where the value begins in a text such as `password:correct`.
fn start_of_value(word: &str) -> Option<usize> {
    let mut colons = word.match_indices(':').filter(|_| !word.contains("://"));
    let (colon, _) = colons.find(|(colon, _)| {
        let name = word[..*colon].rsplit(':').next().unwrap_or_default();
        is_name_of_credential(name)
    })?;
    Some(colon + 1)
}

/// Whether a word is like those that are made by chance: letters with digits among them, or in a mixture of cases. It may be
/// an identifier too, of which a reason can do without.
fn looks_like_credential(word: &str) -> bool {
    let word = word.trim_end_matches([':', '.', '!', '?']);
    let has = |is: fn(&char) -> bool| word.chars().any(|c| is(&c));
    let is_mixed =
        has(char::is_ascii_digit) && has(|c| c.is_lowercase()) && has(|c| c.is_uppercase());
    // A text in base64 may begin with a slash.
    let is_rooted = word.strip_prefix('/').is_some_and(|rest| rest.contains(['/', '.']))
        || ["~/", "./", "../"].iter().any(|start| word.starts_with(start))
        || word.contains("://") && !word.contains('@');
    let is_path = is_rooted && !is_mixed;
    let is_host = word.contains('.')
        && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-:".contains(c));
    if word.len() < MIN_CREDENTIAL || is_path || is_host {
        return false;
    }
    let has_both = has(char::is_ascii_digit) && has(|c| c.is_alphabetic());
    let letters: Vec<char> = word.chars().collect();
    let rises = letters.windows(2).filter(|two| two[0].is_lowercase() && two[1].is_uppercase());
    let rises = rises.count();
    has_both || rises >= 3 && letters.len() <= 5 * rises
}

/// Whether a text names a credential. A path and an error, such as `KeyError`, do not.
fn is_name_of_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_error = ["error", "exception", "found"].iter().any(|end| name.ends_with(end));
    let is_path = name.starts_with(['/', '~', '.']) && !name.contains('?');
    let name = name.rsplit('/').next().unwrap_or_default();
    !is_error
        && !is_path
        && ["pass", "pwd", "secret", "token", "key", "cred"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, printed: &str) -> String {
        Reason::new(&[], "vault/item1234", &["op://vault/item1234".to_owned()]).shown(
            text.as_bytes(),
            false,
            printed.as_bytes(),
        )
    }

    fn shown_if_cut(text: &[u8], printed: &str) -> String {
        Reason::new(&[], "vault/item1234", &[]).shown(text, true, printed.as_bytes())
    }

    #[test]
    fn a_reason_is_one_line_without_controls_and_is_cut() {
        let text =
            "[ERROR] \"vault/item1234\" isn't an item.\n\tSpecify the item\x1b[31m\u{202e}.\n";
        let wanted =
            "[ERROR] \"vault/item1234\" isn't an item. Specify the item\\u{1b}[31m\\u{202e}.";
        assert_eq!(shown(text, ""), wanted);
        assert_eq!(shown(&"no ".repeat(200), "").len(), MAX_CHARS + 2);
        assert_eq!(shown(" \n", ""), "");
    }

    #[test]
    fn what_was_printed_is_masked_in_every_form() {
        assert_eq!(shown("cannot store correct horse", "correct horse\n"), "cannot store ***");
        assert_eq!(shown("at Y29ycmVjdCBob3JzZQ==", "correct horse"), "at ***");
    }

    #[test]
    fn a_secret_is_masked_whatever_white_space_stands_in_it() {
        let secret = "correct horse  battery\tstaple";
        for text in [
            "line: correct\nhorse\nbattery\nstaple\n",
            "line: correct horse battery staple",
            "line: corr\n  ect horse batt\n  ery sta\n  ple",
            "line: correct\u{a0}horse\u{3000}battery staple",
            "line: Y29ycmVjdCBob3JzZSAg\nYmF0dGVyeQlzdGFwbGU=",
            // The text ends inside it.
            "line: correct\nhorse\nbat",
        ] {
            assert_eq!(shown(text, secret), "line: ***", "{text}");
        }
        assert_eq!(shown("line: a\nb\nc d", "a b c"), "line: *** d", "a short one");
        assert_eq!(shown("line: correct", secret), "line: correct", "it may be chance");
        let reason = Reason::new(&[], "", &[]);
        let shown = reason.shown(b"line: horse\xff\nbattery", false, b"horse\xff battery");
        assert_eq!(shown, "line: ***", "bytes that are no text");
    }

    #[test]
    fn the_start_of_a_secret_at_the_end_of_a_cut_text_is_left_out() {
        for text in [
            "it is wrong: correct",
            "it is wrong: correct horse bat",
            "it is wrong: correct\nhorse\n",
            "it is wrong: corr",
        ] {
            assert_eq!(shown_if_cut(text.as_bytes(), "correct horse battery"), "it is wrong:");
        }
        let text = "it is wrong: correct\u{3000}horse";
        let cut = &text.as_bytes()[..text.len() - 6];
        assert_eq!(shown_if_cut(cut, "correct\u{3000}horse"), "it is wrong:");
        assert_eq!(shown_if_cut(b"it is wrong: corr", ""), "it is wrong:", "an unknown one");
        assert_eq!(shown_if_cut(b"it is wrong", ""), "it is");
    }

    #[test]
    fn what_looks_like_a_credential_is_masked() {
        for (text, masked) in [
            ("bad token ghp_0123456789abcdef.", "bad token ***"),
            ("the key SeNtInEl-value is old", "the key *** is old"),
            ("login with password=hunter failed", "login with password=*** failed"),
            (r#"{"token":"a1b2c3d4e5"}"#, r#"{"token":"***"}"#),
            ("https://user:p4ssw0rd@example.com", "***"),
            ("dGhpc0lzUmFuZG9tVGV4dA==", "***=="),
        ] {
            assert_eq!(shown(text, ""), masked, "{text}");
        }
    }

    #[test]
    fn what_follows_the_name_of_a_credential_is_masked() {
        for (text, masked) in [
            ("password: correcthorse", "password: ***"),
            ("password:correcthorse", "password:***"),
            ("db/password=correct", "db/password=***"),
            ("bad login: app:password:correct", "bad login: app:password:***"),
            ("password = correct", "password = ***"),
            ("api_key= correct", "api_key= ***"),
            (r#"{"token":"abc"}"#, r#"{"token":"***"}"#),
            (r#"{"token": "abc", "user": "app"}"#, r#"{"token": "***", "user": "app"}"#),
            ("{'secret' : 'abc'}", "{'secret' : '***'}"),
            ("https://example.com/?token=abc", "https://example.com/?token=***"),
        ] {
            assert_eq!(shown(text, ""), masked, "{text}");
        }
    }

    #[test]
    fn a_credential_may_begin_as_a_path() {
        for text in ["/dGhpc0lz4UmFuZG9t", "/a1b2c3d4e5", ".dGhpc0lz4UmFuZG9t", "~a1b2c3d4e5"] {
            assert_eq!(shown(text, ""), "***", "{text}");
        }
        assert_eq!(shown("/dGhpc0lz/4UmFuZG9t=", ""), "***=");
        assert_eq!(shown("https://example.com/h/dGhpc0lz4UmFuZG9t", ""), "***");
    }

    #[test]
    fn what_a_person_needs_stays() {
        for text in [
            "gpg: decryption failed: No secret key",
            "Error: item1234 is not in the password store.",
            "ResourceNotFoundException: not found",
            "2026/11/29 10:00:00 cannot connect to vault-1.example.com:8200",
            "cannot open /usr/share/op2/lib64.so",
            "open /run/secrets/db_password: permission denied",
            "KeyError: 'prod'",
            "no such secret: vault/item1234",
            "the key, which is old: it has expired",
            "~/.config/op2/config and ./op2/config",
            "see https://developer.1password.com/docs",
            "key=",
        ] {
            assert_eq!(shown(text, ""), text);
        }
    }
}
