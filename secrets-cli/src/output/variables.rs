//! Variables as lines `NAME=VALUE`, for dotenv files, for `docker run --env-file`, and for a POSIX shell.

use crate::output::wiped_output::WipedOutput;

/// The characters, besides some backslashes, that are escaped inside double quotes: a shell that reads the file would
/// run what follows `$` or a backtick.
const ESCAPED: &str = "\"$`";

/// The characters before which a reader takes a backslash inside double quotes for an escape. Before all others every
/// reader keeps it, and Node and npm's dotenv would read two backslashes as two.
const ENDS_ESCAPE: &str = "\"$`\\'abfnrtv\n\r";

/// Appends a line of a dotenv file, in the spelling that the most readers take for the value.
///
/// Single quotes are literal for python-dotenv, Node, npm's dotenv and every shell, but for two backslashes, which are
/// one for python-dotenv. A single quote, or a backslash at the end, needs double quotes. Line breaks stay as they are:
/// a shell does not read `\n`.
pub fn push_dotenv(output: &mut WipedOutput, name: &str, value: &str) {
    output.push(name);
    output.push("=");
    let needs_no_quotes = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,=".contains(c);
    if value.chars().all(needs_no_quotes) {
        output.push(value);
    } else if !value.contains('\'') && !value.ends_with('\\') {
        output.push("'");
        output.push(value);
        output.push("'");
    } else {
        output.push("\"");
        let mut chars = value.chars().peekable();
        while let Some(c) = chars.next() {
            let is_escaped = match c {
                '\\' => chars.peek().is_none_or(|next| ENDS_ESCAPE.contains(*next)),
                c => ESCAPED.contains(c),
            };
            if is_escaped {
                output.push("\\");
            }
            output.push(c.encode_utf8(&mut [0; 4]));
        }
        output.push("\"");
    }
    output.push("\n");
}

/// Appends a line of a file for `docker run --env-file`, which knows neither quotes nor escapes. The value must not have
/// a line break.
pub fn push_docker(output: &mut WipedOutput, name: &str, value: &str) {
    for text in [name, "=", value, "\n"] {
        output.push(text);
    }
}

/// Appends an `export` line that a POSIX shell evaluates. No backslash stands before a quote, which python-dotenv would
/// read as an escape: backslashes there are in double quotes of their own.
pub fn push_shell(output: &mut WipedOutput, name: &str, value: &str) {
    output.push(format!("export {name}='"));
    for (index, part) in value.split('\'').enumerate() {
        if index > 0 {
            output.push("'\\''");
        }
        let text = part.trim_end_matches('\\');
        output.push(text);
        if text.len() < part.len() {
            output.push("'\"");
            (text.len()..part.len()).for_each(|_| output.push("\\\\"));
            output.push("\"'");
        }
    }
    output.push("'\n");
}

#[cfg(test)]
mod tests {
    use secrets_runtime::admin::StoredSecret;

    use super::*;

    fn written(write: fn(&mut WipedOutput, &str, &str), value: &str) -> String {
        let mut output = WipedOutput::default();
        write(&mut output, "N", value);
        String::from_utf8(output.bytes().to_vec()).unwrap()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let values = [
            "",
            "plain",
            "two words",
            "it's",
            "a\"b\\c",
            "a\nb\r\n",
            "\r",
            "#x",
            " # z",
            " x ",
            "$HOME `x`",
            "'",
            "\"",
            "é '\"\\",
            "it's $(x) ${y} \\$z `w`",
            r"C:\new",
            r"D\me",
            r"a\nb",
            r"\n",
            r#"\""#,
            r"^\d+\.\w*$",
            "it's\nx",
            "a\n\nb",
            "*",
            "a!b",
            "{\"a\": [1]}",
            r"a\\b",
            r"a\",
            r"\\",
            r"\'",
            r"a\'b",
            "it's \"q\"",
            "p'w\\d\"q$r`",
            r"it's ^\d+\.\w*$",
            r"it's \\d \\\n",
            "it's\\\r\\\n",
        ];
        for write in [push_dotenv, push_shell] {
            let lines: String = values.iter().map(|value| written(write, value)).collect();
            // Each name once.
            for value in values {
                let text = written(write, value);
                let read = StoredSecret::from_dotenv(&*text)
                    .unwrap_or_else(|error| panic!("{text}: {error}"));
                assert_eq!(read.fields()[0].value().expose_str().unwrap(), value, "{text}");
            }
            assert!(StoredSecret::from_dotenv(&*lines).is_err());
        }
    }

    /// Spellings that python-dotenv 1.2, Node 20 (`--env-file`), npm's dotenv 17, bash and dash were seen to read as the
    /// value.
    #[test]
    fn the_spelling_is_the_one_that_all_readers_take_for_the_value() {
        for (value, spelling) in [
            ("plain", "plain"),
            ("two words", "'two words'"),
            ("it's", "\"it's\""),
            (" # z", "' # z'"),
            ("$HOME", "'$HOME'"),
            ("a`b`", "'a`b`'"),
            ("two\nlines", "'two\nlines'"),
            ("it's\nx", "\"it's\nx\""),
            ("{\"a\": 1}", "'{\"a\": 1}'"),
            (r"C:\new", r"'C:\new'"),
            (r"D\me", r"'D\me'"),
            (r"a\nb", r"'a\nb'"),
            (r"\n", r"'\n'"),
            (r#"\""#, r#"'\"'"#),
            (r"^\d+\.\w*$", r"'^\d+\.\w*$'"),
            (r"it's \d+\.", r#""it's \d+\.""#),
            (r"D\me's", r#""D\me's""#),
            ("a!b", "'a!b'"),
            ("*", "'*'"),
        ] {
            assert_eq!(written(push_dotenv, value), format!("N={spelling}\n"));
        }
    }

    #[test]
    fn docker_reads_what_follows_the_equals_sign() {
        for value in ["a b", "it's \"q\"", r"C:\new", "a#b # c", " a ", ""] {
            assert_eq!(written(push_docker, value), format!("N={value}\n"));
        }
    }
}
