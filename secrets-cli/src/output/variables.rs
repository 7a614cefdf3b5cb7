//! Variables as lines `NAME=VALUE`, for dotenv files and for a POSIX shell.

use crate::output::wiped_output::WipedOutput;

/// The characters that are escaped with a backslash inside double quotes: a shell that reads the file would run
/// what follows `$` or a backtick.
const ESCAPED: [char; 6] = ['"', '\\', '\n', '\r', '$', '`'];

/// Appends a line of a dotenv file.
pub fn push_dotenv(output: &mut WipedOutput, name: &str, value: &str) {
    output.push(name);
    output.push("=");
    let needs_no_quotes = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,=".contains(c);
    if value.chars().all(needs_no_quotes) {
        output.push(value);
    } else if !value.contains(['\'', '\\']) {
        output.push("'");
        output.push(value);
        output.push("'");
    } else {
        output.push("\"");
        for part in value.split_inclusive(ESCAPED) {
            let last = part.chars().next_back().filter(|c| ESCAPED.contains(c));
            output.push(&part[..part.len() - last.map_or(0, char::len_utf8)]);
            output.push(match last {
                Some('\n') => "\\n",
                Some('\r') => "\\r",
                Some('"') => "\\\"",
                Some('$') => "\\$",
                Some('`') => "\\`",
                Some(_) => "\\\\",
                None => "",
            });
        }
        output.push("\"");
    }
    output.push("\n");
}

/// Appends an `export` line that a POSIX shell evaluates.
pub fn push_shell(output: &mut WipedOutput, name: &str, value: &str) {
    output.push(format!("export {name}='"));
    for (index, part) in value.split('\'').enumerate() {
        if index > 0 {
            output.push("'\\''");
        }
        output.push(part);
    }
    output.push("'\n");
}
