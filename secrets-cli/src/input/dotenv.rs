//! Reads dotenv files.

use secrets_runtime::{Error, ErrorKind, SecretValue};
use zeroize::Zeroizing;

use crate::failure::error_about;

/// Parses the variables of a dotenv file, in their order. A line is `NAME=VALUE`, with or without quotes and a
/// leading `export`, or a comment. Nothing is expanded.
///
/// # Errors
/// Returns one error for each malformed line, with its number.
pub fn read(text: &str, origin: &str) -> Result<Vec<(String, SecretValue)>, Vec<Error>> {
    let mut variables: Vec<(String, SecretValue)> = Vec::new();
    let mut problems = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let line = text[..text.len() - rest.len()].matches('\n').count() + 1;
        let mut fail = |message: &str, help: &str| {
            let message = format!("line {line}: {message}");
            problems.push(error_about(origin, ErrorKind::InvalidValue, message, help));
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
        match parse_value(&rest[value_at..]) {
            Some((value, end)) => {
                if name.is_empty() {
                    fail("there is no name before `=`", "write NAME=VALUE");
                } else if variables.iter().any(|(known, _)| known == name) {
                    fail(&format!("`{name}` occurs twice"), "keep one of them");
                } else {
                    variables.push((name.to_owned(), value));
                }
                rest = &rest[value_at + end..];
            }
            None => {
                fail("the quotes do not match", "close them, and write nothing after them");
                rest = after;
            }
        }
    }
    if problems.is_empty() { Ok(variables) } else { Err(problems) }
}

/// Parses the value at the start of a text. Returns it with the position of the next line.
fn parse_value(text: &str) -> Option<(SecretValue, usize)> {
    let line_end = text.find('\n').unwrap_or(text.len());
    let after = |end: usize| (end + 1).min(text.len());
    let start = text.len() - text.trim_start_matches([' ', '\t']).len();
    let mut value = Zeroizing::new(String::with_capacity(text.len()));
    let mut at = start;
    loop {
        let rest = &text[at..];
        let Some(first) = rest.chars().next().filter(|c| *c != '\n') else { break };
        match first {
            '\'' => {
                let end = rest[1..].find('\'')?;
                value.push_str(&rest[1..=end]);
                at += end + 2;
            }
            '"' => at += push_double_quoted(rest, &mut value)?,
            // `export --format shell` writes a quote like this.
            '\\' if rest.starts_with("\\'") => {
                value.push('\'');
                at += 2;
            }
            _ if at > start && text[start..].starts_with(['"', '\'']) => {
                let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
                let tail = text[at..end].trim();
                if !(tail.is_empty() || tail.starts_with('#')) {
                    return None;
                }
                return Some((SecretValue::from(std::mem::take(&mut *value)), after(end)));
            }
            _ => {
                let bare = text[at..line_end].trim_end();
                let bare = bare.find(" #").map_or(bare, |comment| bare[..comment].trim_end());
                value.push_str(bare);
                return Some((SecretValue::from(std::mem::take(&mut *value)), after(line_end)));
            }
        }
    }
    Some((SecretValue::from(std::mem::take(&mut *value)), after(at)))
}

/// Appends the content of a text in double quotes to `value`. Returns its length, quotes included.
fn push_double_quoted(text: &str, value: &mut String) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some(at + 1),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                c @ ('"' | '\\' | '$' | '`' | '\'') => value.push(c),
                c => value.extend(['\\', c]),
            },
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{
        variables::{push_dotenv, push_shell},
        wiped_output::WipedOutput,
    };

    #[test]
    fn written_variables_are_read_back() {
        let values = [
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
            let mut output = WipedOutput::default();
            for (index, value) in values.iter().enumerate() {
                write(&mut output, &format!("N{index}"), value);
            }
            let text = std::str::from_utf8(output.bytes()).unwrap();
            let read = read(text, "test").unwrap();
            assert_eq!(read.len(), values.len(), "{text}");
            for ((_, read), value) in read.iter().zip(values) {
                assert_eq!(read.expose_str().unwrap(), value, "{text}");
            }
        }
    }

    #[test]
    fn files_of_other_tools_are_read() {
        let text = "# c\n\nexport A = 1 # one\nB=\"x y\" # two\nC='#'\n  D=a=b\nE=\n";
        let read = read(text, "test").unwrap();
        let pairs: Vec<_> =
            read.iter().map(|(name, value)| (name.as_str(), value.expose_str().unwrap())).collect();
        assert_eq!(pairs, [("A", "1"), ("B", "x y"), ("C", "#"), ("D", "a=b"), ("E", "")]);
    }

    #[test]
    fn every_malformed_line_is_reported_without_its_value() {
        let text = "SeNtInEl\nA='SeNtInEl\nB=\"SeNtInEl\" SeNtInEl\nC=1\nC=2\n";
        let problems = read(text, "test").unwrap_err();
        assert!(problems.len() >= 3);
        for problem in problems {
            assert!(!problem.to_string().contains("SeNtInEl"));
        }
    }
}
