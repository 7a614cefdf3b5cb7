//! Variables as lines, `NAME=VALUE`: dotenv files, and what a POSIX shell reads.

use secrets_runtime::{Error, ErrorKind, SecretValue};
use zeroize::Zeroizing;

use crate::{failure::problem, page::Page};

/// What is written with a backslash in double quotes: a shell that reads the file would run what `$` and a backtick
/// begin.
const SPECIAL: [char; 6] = ['"', '\\', '\n', '\r', '$', '`'];

/// Writes a line of a dotenv file.
pub fn push_dotenv(page: &mut Page, name: &str, value: &str) {
    page.push(name);
    page.push("=");
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,=".contains(c);
    if value.chars().all(bare) {
        page.push(value);
    } else if !value.contains(['\'', '\\']) {
        page.push("'");
        page.push(value);
        page.push("'");
    } else {
        page.push("\"");
        for part in value.split_inclusive(SPECIAL) {
            let special = part.chars().next_back().filter(|c| SPECIAL.contains(c));
            page.push(&part[..part.len() - special.map_or(0, char::len_utf8)]);
            page.push(match special {
                Some('\n') => "\\n",
                Some('\r') => "\\r",
                Some('"') => "\\\"",
                Some('$') => "\\$",
                Some('`') => "\\`",
                Some(_) => "\\\\",
                None => "",
            });
        }
        page.push("\"");
    }
    page.push("\n");
}

/// Writes a line that a POSIX shell evaluates.
pub fn push_shell(page: &mut Page, name: &str, value: &str) {
    page.push(format!("export {name}='"));
    for (index, part) in value.split('\'').enumerate() {
        if index > 0 {
            page.push("'\\''");
        }
        page.push(part);
    }
    page.push("'\n");
}

/// The variables of a dotenv file, in order: `NAME=VALUE` with or without quotes, `export` before it, comments.
/// Nothing is expanded.
///
/// # Errors
/// Every line that is none of these, by its number.
pub fn read(text: &str, origin: &str) -> Result<Vec<(String, SecretValue)>, Vec<Error>> {
    let mut variables: Vec<(String, SecretValue)> = Vec::new();
    let mut problems = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let line = text[..text.len() - rest.len()].matches('\n').count() + 1;
        let mut fail = |message: &str, help: &str| {
            let message = format!("line {line}: {message}");
            problems.push(problem(origin, ErrorKind::InvalidValue, message, help));
        };
        let (row, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let row = row.trim_start();
        if row.trim().is_empty() || row.starts_with('#') {
            rest = after;
            continue;
        }
        let row = row.strip_prefix("export ").unwrap_or(row).trim_start();
        let Some((name, _)) = row.split_once('=') else {
            fail("there is no `=`", "write NAME=VALUE");
            rest = after;
            continue;
        };
        let start = rest.len() - after.len();
        let value_at = rest[..start].find('=').map_or(start, |at| at + 1);
        let name = name.trim();
        match value(&rest[value_at..]) {
            Some((value, end)) => {
                if name.is_empty() {
                    fail("there is no name before `=`", "write NAME=VALUE");
                } else if variables.iter().any(|(known, _)| known == name) {
                    fail(&format!("`{name}` is there twice"), "keep one of them");
                } else {
                    variables.push((name.to_owned(), value));
                }
                rest = &rest[value_at + end..];
            }
            None => {
                fail("the quotes do not fit", "close them, and write nothing behind them");
                rest = after;
            }
        }
    }
    if problems.is_empty() { Ok(variables) } else { Err(problems) }
}

/// The value that a text starts with, and where the next line starts.
fn value(text: &str) -> Option<(SecretValue, usize)> {
    let line_end = text.find('\n').unwrap_or(text.len());
    let after = |end: usize| (end + 1).min(text.len());
    let start = text.len() - text.trim_start_matches([' ', '\t']).len();
    let mut made = Zeroizing::new(String::with_capacity(text.len()));
    let mut at = start;
    loop {
        let rest = &text[at..];
        let Some(first) = rest.chars().next().filter(|c| *c != '\n') else { break };
        match first {
            '\'' => {
                let end = rest[1..].find('\'')?;
                made.push_str(&rest[1..=end]);
                at += end + 2;
            }
            '"' => at += double_quoted(rest, &mut made)?,
            // What `export` writes for a quote in a shell.
            '\\' if rest.starts_with("\\'") => {
                made.push('\'');
                at += 2;
            }
            _ if at > start && text[start..].starts_with(['"', '\'']) => {
                let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
                let tail = text[at..end].trim();
                if !(tail.is_empty() || tail.starts_with('#')) {
                    return None;
                }
                return Some((SecretValue::from(std::mem::take(&mut *made)), after(end)));
            }
            _ => {
                let bare = text[at..line_end].trim_end();
                let bare = bare.find(" #").map_or(bare, |comment| bare[..comment].trim_end());
                made.push_str(bare);
                return Some((SecretValue::from(std::mem::take(&mut *made)), after(line_end)));
            }
        }
    }
    Some((SecretValue::from(std::mem::take(&mut *made)), after(at)))
}

/// Reads a text in double quotes; gives its length.
fn double_quoted(text: &str, made: &mut String) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some(at + 1),
            '\\' => match chars.next()?.1 {
                'n' => made.push('\n'),
                'r' => made.push('\r'),
                't' => made.push('\t'),
                c @ ('"' | '\\' | '$' | '`' | '\'') => made.push(c),
                c => made.extend(['\\', c]),
            },
            c => made.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let hard = [
            "",
            "plain",
            "two words",
            "it's",
            "a\"b\\c",
            "a\nb\r\n",
            "#x",
            "$HOME `x`",
            "'",
            "é '\"\\",
            "it's $(x) ${y} \\$z `w`",
        ];
        for write in [push_dotenv, push_shell] {
            let mut page = Page::default();
            for (index, value) in hard.iter().enumerate() {
                write(&mut page, &format!("N{index}"), value);
            }
            let text = std::str::from_utf8(page.bytes()).unwrap();
            let read = read(text, "test").unwrap();
            assert_eq!(read.len(), hard.len(), "{text}");
            for ((_, read), value) in read.iter().zip(hard) {
                assert_eq!(read.expose_str().unwrap(), value, "{text}");
            }
        }
    }

    #[test]
    fn files_of_others_are_read() {
        let text = "# c\n\nexport A = 1 # one\nB=\"x y\" # two\nC='#'\n  D=a=b\nE=\n";
        let read = read(text, "test").unwrap();
        let pairs: Vec<_> =
            read.iter().map(|(name, value)| (name.as_str(), value.expose_str().unwrap())).collect();
        assert_eq!(pairs, [("A", "1"), ("B", "x y"), ("C", "#"), ("D", "a=b"), ("E", "")]);
    }

    #[test]
    fn every_line_that_is_wrong_is_told_without_its_value() {
        let text = "SeNtInEl\nA='SeNtInEl\nB=\"SeNtInEl\" SeNtInEl\nC=1\nC=2\n";
        let problems = read(text, "test").unwrap_err();
        assert!(problems.len() >= 3);
        for problem in problems {
            assert!(!problem.to_string().contains("SeNtInEl"));
        }
    }
}
