//! Words that the comments of the libraries do without: each has a plainer one.

use crate::comments::{self, Comment};

/// What not to say, and what to say instead.
const BANNED: &[(&str, &str)] = &[
    ("gives", "returns, has"),
    ("anew", "again"),
    ("whoever", "the one who"),
    ("of one's own", "your own"),
    ("holds for", "applies to"),
    ("is no", "is not a"),
    ("is none", "is not one"),
    ("tells", "reports, returns"),
    ("looked through", "searched"),
    ("given back", "revoked, returned"),
];

/// What a doc comment does not begin with: it says nothing to those who see it alone.
const EMPTY_BEGINNING: &str = "The same";

/// Comments that say it all the same: the file, the words, and why.
const EXCUSED: &[(&str, &str, &str)] = &[];

/// Banned words in the comments of this file.
pub fn banned(path: &str, text: &str) -> Vec<String> {
    let mut flaws = Vec::new();
    let mut flaw = |comment: &Comment, words: &str, instead: &str| {
        if !is_excused(path, words) {
            flaws.push(format!("{path}:{} says \"{words}\": {instead}", comment.line));
        }
    };
    for comment in comments::of(text) {
        for (words, instead) in BANNED {
            if says(&comment.text, words) {
                flaw(&comment, words, instead);
            }
        }
        if comment.is_doc && begins(&comment.text, EMPTY_BEGINNING) {
            flaw(&comment, EMPTY_BEGINNING, "say what it is");
        }
    }
    flaws
}

/// Rows of [`EXCUSED`] that excuse nothing.
pub fn unused_exceptions(sources: &[(String, String)]) -> Vec<String> {
    let is_used = |path: &str, words: &str| {
        let file = sources.iter().find(|(known, _)| known == path);
        let comments = file.map(|(_, text)| comments::of(text)).unwrap_or_default();
        comments.iter().any(|comment| says(&comment.text, words))
    };
    let unused = EXCUSED.iter().filter(|(path, words, _)| !is_used(path, words));
    unused
        .map(|(path, words, _)| {
            format!("EXCUSED in tests/architecture/words.rs has {path} and \"{words}\" in vain")
        })
        .collect()
}

fn is_excused(path: &str, words: &str) -> bool {
    EXCUSED.iter().any(|(file, excused, _)| *file == path && *excused == words)
}

/// Whether a text has these words, in upper or lower case. "is no longer" and "there is no" are not "is no".
fn says(text: &str, words: &str) -> bool {
    let text = text.to_lowercase();
    text.match_indices(&words.to_lowercase()).any(|(at, found)| {
        let (before, after) = (&text[..at], &text[at + found.len()..]);
        let is_longer = words == "is no" && after.starts_with(" longer");
        let is_there = words.starts_with("is no") && before.ends_with("there ");
        let is_part = before.ends_with(is_of_word) || after.starts_with(is_of_word);
        !is_longer && !is_there && !is_part
    })
}

fn begins(text: &str, words: &str) -> bool {
    let text = text.to_lowercase();
    text.strip_prefix(&words.to_lowercase()).is_some_and(|rest| !rest.starts_with(is_of_word))
}

fn is_of_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        banned("a.rs", text).len()
    }

    #[test]
    fn every_banned_word_is_found_in_every_kind_of_comment() {
        for (words, _) in BANNED {
            for comment in [
                format!("/// It {words} x."),
                format!("//! It {words} x."),
                format!("fn f() {{}} // it {words} x"),
                format!("/* It {words}\n x. */"),
                format!("// It {}.", words.to_uppercase()),
            ] {
                assert_eq!(found(&comment), 1, "{comment}");
            }
            // Broken over lines.
            if words.contains(' ') {
                let broken = format!("/// It {}", words.replacen(' ', "\n/// ", 1));
                assert_eq!(found(&broken), 1, "{broken}");
            }
        }
    }

    #[test]
    fn parts_of_words_code_and_texts_are_fine() {
        for text in [
            "// forgives, anewly, retells, is nowhere, is nonetheless, gives_way",
            "fn gives() { let tells = \"gives // tells\"; }",
            "// is no longer there",
            "// there is no file, and there is none elsewhere",
            "const A: char = '\"'; const B: &str = \"// gives\";",
            "const A: &str = r#\"\"// gives\"\"#;",
            "fn f<'a>(x: &'a str) {}",
        ] {
            assert_eq!(found(text), 0, "{text}");
        }
    }

    #[test]
    fn a_doc_comment_does_not_begin_with_the_same() {
        assert_eq!(found("/// The same for threads."), 1);
        assert_eq!(found("fn f() {}\n\n/// The same\n/// for threads."), 1);
        assert_eq!(found("//! the same, for threads"), 1);
        assert_eq!(found("/// For threads.\n///\n/// The same for processes."), 0);
        assert_eq!(found("// The same for threads."), 0);
        assert_eq!(found("/// The sameness of threads."), 0);
    }

    #[test]
    fn a_flaw_says_where_it_is_and_what_to_say_instead() {
        let flaws = banned("a.rs", "fn f() {}\n\n/// It gives x.\nfn g() {}");
        assert_eq!(flaws, ["a.rs:3 says \"gives\": returns, has"]);
    }
}
