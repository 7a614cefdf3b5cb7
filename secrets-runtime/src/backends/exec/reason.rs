//! What a program says about its failure, without secrets.

use std::env;

use zeroize::Zeroizing;

use crate::{
    backends::exec::run::Complaint,
    core::{
        error::{Error, ErrorKind},
        escape::escape_controls,
        secret_value::SecretValue,
    },
    mask::{masker::Masker, process},
};

/// How many characters of a reason are shown.
const MAX_CHARS: usize = 300;

const MASK: &str = "***";

/// The shortest word that is taken for a credential.
const SHORTEST: usize = 8;

/// What may be shown of the reasons of one call, and what may not.
pub(super) struct Reason<'a> {
    /// The variables that the program got besides those that every program gets.
    variables: &'a [String],
    id: &'a str,
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
        complaint: &Complaint,
        printed: &Zeroizing<Vec<u8>>,
    ) -> Error {
        let text = String::from_utf8_lossy(&complaint.bytes);
        let mut text = text.as_ref();
        if complaint.is_cut {
            // The last word may be the beginning of a secret.
            text = text.rsplit_once(char::is_whitespace).map_or("", |(whole, _)| whole);
        }
        match self.shown(text, printed) {
            reason if reason.is_empty() => Error::new(kind, message),
            reason => Error::new(kind, format!("{message}: {reason}")),
        }
    }

    /// Returns a text in one line, masked and cut.
    fn shown(&self, text: &str, printed: &[u8]) -> String {
        let masker = Masker::new();
        // What the program has printed before it failed may be a secret or a part of one.
        masker.add(&SecretValue::from(printed.to_vec()));
        for name in self.variables {
            // A token that the program got is not a reason.
            masker.add(&SecretValue::from(env::var_os(name).unwrap_or_default()));
        }
        let known = Zeroizing::new(process::mask(&masker.mask(text)).into_owned());
        let mut line = Zeroizing::new(String::with_capacity(known.len()));
        for word in known.split_whitespace() {
            if !line.is_empty() {
                line.push(' ');
            }
            self.push_word(word, &mut line);
        }
        let mut shown: String = line.chars().take(MAX_CHARS).collect();
        if line.chars().nth(MAX_CHARS).is_some() {
            shown.push_str("..");
        }
        escape_controls(shown)
    }

    /// Adds a word to a line, with what looks like a credential masked.
    fn push_word(&self, word: &str, line: &mut String) {
        let is_border = |c: char| "\"'`,;()[]{}<>=|".contains(c);
        let mut is_value = false;
        for part in word.split_inclusive(is_border) {
            let inner = part.trim_end_matches(is_border);
            let border = &part[inner.len()..];
            let is_masked = !inner.is_empty()
                && (is_value || looks_like_credential(inner))
                && !self.is_of_command(inner);
            line.push_str(if is_masked { MASK } else { inner });
            line.push_str(border);
            is_value = border == "=" && is_name_of_credential(inner);
        }
    }

    /// Whether a word is part of what the user has written.
    fn is_of_command(&self, word: &str) -> bool {
        let word = word.trim_end_matches([':', '.']);
        self.id.contains(word) || self.arguments.iter().any(|argument| argument.contains(word))
    }
}

/// Whether a word is like those that are made by chance: letters with digits among them, or in a mixture of cases. It may be
/// an identifier too, of which a reason can do without.
fn looks_like_credential(word: &str) -> bool {
    let word = word.trim_end_matches([':', '.', '!', '?']);
    let is_path = word.starts_with(['/', '~', '.']) || word.contains("://") && !word.contains('@');
    let is_host = word.contains('.')
        && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-:".contains(c));
    if word.len() < SHORTEST || is_path || is_host {
        return false;
    }
    let has = |is: fn(&char) -> bool| word.chars().any(|c| is(&c));
    let has_both = has(char::is_ascii_digit) && has(|c| c.is_alphabetic());
    let letters: Vec<char> = word.chars().collect();
    let rises = letters.windows(2).filter(|two| two[0].is_lowercase() && two[1].is_uppercase());
    let rises = rises.count();
    has_both || rises >= 3 && letters.len() <= 5 * rises
}

fn is_name_of_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["pass", "pwd", "secret", "token", "key", "cred"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, printed: &str) -> String {
        Reason::new(&[], "vault/item1234", &["op://vault/item1234".to_owned()])
            .shown(text, printed.as_bytes())
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
    fn what_a_person_needs_stays() {
        for text in [
            "gpg: decryption failed: No secret key",
            "Error: item1234 is not in the password store.",
            "ResourceNotFoundException: not found",
            "2026/11/29 10:00:00 cannot connect to vault-1.example.com:8200",
            "cannot open /usr/share/op2/lib64.so",
            "see https://developer.1password.com/docs",
            "key=",
        ] {
            assert_eq!(shown(text, ""), text);
        }
    }
}
