//! The comments of a source file.

use std::{iter::Peekable, str::CharIndices};

/// A comment; lines of one kind that follow one another are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Where it begins.
    pub line: usize,
    pub is_doc: bool,
    /// Its lines without the marks, joined by spaces.
    pub text: String,
}

/// The marks of comments that go to the end of the line, the longest first.
const MARKS: [(&str, bool); 4] = [("////", false), ("///", true), ("//!", true), ("//", false)];

/// All comments of a source file.
pub fn of(source: &str) -> Vec<Comment> {
    let mut reader = Reader { source, chars: source.char_indices().peekable(), found: Vec::new() };
    reader.read();
    reader.found
}

struct Reader<'a> {
    source: &'a str,
    chars: Peekable<CharIndices<'a>>,
    found: Vec<Comment>,
}

impl Reader<'_> {
    fn read(&mut self) {
        // The line of the last comment, and its mark: the next one goes on with it.
        let mut last = (0, "");
        while let Some((at, char)) = self.chars.next() {
            let rest = &self.source[at..];
            if rest.starts_with("//") {
                let line = self.line(at);
                let text = rest.lines().next().unwrap_or_default();
                let (mark, is_doc) = MARKS
                    .into_iter()
                    .find(|(mark, _)| text.starts_with(mark))
                    .unwrap_or(("//", false));
                let says = text[mark.len()..].trim();
                self.skip_to(at + text.len());
                match self.found.last_mut() {
                    Some(comment) if last == (line - 1, mark) => {
                        comment.text.push(' ');
                        comment.text.push_str(says);
                    }
                    _ => self.found.push(Comment { line, is_doc, text: says.to_owned() }),
                }
                last = (line, mark);
            } else if rest.starts_with("/*") {
                self.block(at);
            } else if char == '"' {
                self.text();
            } else if char == 'r' && !self.follows_a_word(at) {
                self.raw_text(at);
            } else if char == '\'' {
                self.char_or_lifetime(at);
            }
        }
    }

    /// Reads `/* .. */`, with those that are inside it.
    fn block(&mut self, at: usize) {
        let (mut depth, mut end) = (0, at);
        while let Some(rest) = self.source.get(end..).filter(|rest| !rest.is_empty()) {
            depth += i32::from(rest.starts_with("/*")) - i32::from(rest.starts_with("*/"));
            let is_mark = rest.starts_with("/*") || rest.starts_with("*/");
            end += if is_mark { 2 } else { rest.chars().next().map_or(1, char::len_utf8) };
            if depth == 0 {
                break;
            }
        }
        let body = self.source[at..end].trim_start_matches("/*").trim_end_matches("*/");
        let is_doc = body.starts_with(['*', '!']) && !body.starts_with("**");
        let lines = body.lines().map(|line| line.trim().trim_start_matches(['*', '!']).trim());
        let text = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
        let line = self.line(at);
        self.found.push(Comment { line, is_doc, text });
        self.skip_to(end);
    }

    /// Skips to the end of a text whose first quote was read.
    fn text(&mut self) {
        while let Some((_, char)) = self.chars.next() {
            match char {
                '\\' => drop(self.chars.next()),
                '"' => return,
                _ => {}
            }
        }
    }

    /// Skips `r".."`, `r#".."#`, if this is one.
    fn raw_text(&mut self, at: usize) {
        let after = &self.source[at + 1..];
        let hashes = after.len() - after.trim_start_matches('#').len();
        let Some(body) = after[hashes..].strip_prefix('"') else { return };
        let close = format!("\"{}", "#".repeat(hashes));
        let start = self.source.len() - body.len();
        let end = body.find(&close).map_or(body.len(), |end| end + close.len());
        self.skip_to(start + end);
    }

    /// Skips `'x'` and `'\x'`; a lifetime has no second quote.
    fn char_or_lifetime(&mut self, at: usize) {
        let mut chars = self.source[at + 1..].char_indices();
        let close = match chars.next() {
            Some((_, '\\')) => {
                chars.next();
                self.source[at + 1..].char_indices().skip(2).find(|(_, char)| *char == '\'')
            }
            Some(_) => chars.next().filter(|(_, char)| *char == '\''),
            None => None,
        };
        if let Some((offset, _)) = close {
            self.skip_to(at + 1 + offset + 1);
        }
    }

    /// Whether this goes on with a word, as the `r` of `for` does; the prefix of `br".."` is not one.
    fn follows_a_word(&self, at: usize) -> bool {
        let before = self.source[..at].strip_suffix('b').unwrap_or(&self.source[..at]);
        before.ends_with(|char: char| char.is_alphanumeric() || char == '_')
    }

    fn skip_to(&mut self, end: usize) {
        while self.chars.next_if(|(at, _)| *at < end).is_some() {}
    }

    fn line(&self, at: usize) -> usize {
        self.source[..at].matches('\n').count() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<String> {
        of(source).into_iter().map(|comment| comment.text).collect()
    }

    #[test]
    fn lines_of_one_kind_are_one_comment() {
        let source =
            "//! one\n//! two\n\n/// three\n// four\n/// five\nfn f() {} // six\n\n// seven";
        let expected = [
            (1, true, "one two"),
            (4, true, "three"),
            (5, false, "four"),
            (6, true, "five"),
            (7, false, "six"),
            (9, false, "seven"),
        ];
        let expected =
            expected.map(|(line, is_doc, text)| Comment { line, is_doc, text: text.to_owned() });
        assert_eq!(of(source), expected);
    }

    #[test]
    fn a_text_that_looks_like_a_comment_is_not_one() {
        for source in [
            r#"let a = "http://x // y";"#,
            r#"let a = "\" // y";"#,
            r##"let a = r#"" // y"#;"##,
            r#"let a = br"\"; let b = "// y";"#,
            r#"let a = ['"', '\'', '\\']; let b = "// y";"#,
            "fn f<'a>(x: &'a str) -> &'a str { x }",
        ] {
            assert_eq!(texts(source), [""; 0], "{source}");
            assert_eq!(texts(&format!("{source} // z")), ["z"], "{source}");
        }
    }

    #[test]
    fn blocks_are_read_with_those_inside() {
        assert_eq!(texts("/* a */ fn f() {} /** b\n * c\n */ // d"), ["a", "b c", "d"]);
        assert_eq!(texts("/* a /* b */ c */ // d"), ["a /* b */ c", "d"]);
    }
}
