//! Reads dotenv files as python-dotenv, Node, npm's dotenv and a POSIX shell do, where these agree.
//!
//! The text may contain values anywhere, also in the place of a name, so no problem quotes it: each names its line.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use secrets_spec::FlawKind;
use zeroize::Zeroizing;

use crate::core::{
    error::{Error, ErrorKind, Problem},
    problem_list::ProblemList,
    secret_value::SecretValue,
};

const BLANK: [char; 2] = [' ', '\t'];

/// Returns the variables of a dotenv file, in their order. A line is `NAME=VALUE`, with or without `export` before it,
/// or a comment. Nothing is expanded.
///
/// - A value without quotes ends at a `#` after a blank, or at the end of the line, without the blanks around it.
/// - Between single quotes or backticks everything is literal, line breaks too. `\'` between single quotes is a single
///   quote where python-dotenv writes it so: `'it\'s'`.
/// - Between double quotes `\n`, `\r` and `\t` are characters, and a backslash is left out before `"`, `'`, `\`, `$` and
///   a backtick.
/// - Pieces in quotes join, as in a shell: `'it'\''s'`.
///
/// A line ends with LF, CRLF or CR. Line breaks inside quotes stay as they are, except that those of a file with CRLF
/// alone become LF.
///
/// # Errors
/// A problem for each malformed line and each name that occurs twice, up to [`ProblemList::MAX`].
pub(crate) fn read(payload: &SecretValue) -> Result<Vec<(String, SecretValue)>, Error> {
    // Exposed to be split into values.
    let text = payload.expose_str().map_err(|_| {
        let error = Error::new(ErrorKind::Undecodable, "the dotenv file is not UTF-8");
        error.with_help("store it as UTF-8")
    })?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if has_crlf_alone(text) {
        // Shorter than the text, so the buffer does not grow and leave a copy behind.
        let mut lines = Zeroizing::new(String::with_capacity(text.len()));
        for line in text.split("\r\n") {
            lines.push_str(line);
            lines.push('\n');
        }
        return Reader::new(&lines).read();
    }
    Reader::new(text).read()
}

fn has_crlf_alone(text: &str) -> bool {
    let mut breaks = text.split('\n').peekable();
    let mut found = false;
    while let Some(line) = breaks.next() {
        if breaks.peek().is_none() {
            return found;
        }
        if !line.ends_with('\r') {
            return false;
        }
        found = true;
    }
    found
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    NoEquals,
    Name,
    /// The variable of this earlier line is set again.
    Twice(usize),
    OpenQuote,
    AfterQuote,
    Hash,
    TwoReadings,
}

impl Fault {
    fn into_problem(self, line: usize) -> Problem {
        let (message, help) = match self {
            Self::NoEquals => (
                "there is no `=`".to_owned(),
                "write NAME=VALUE; a value of several lines needs quotes",
            ),
            Self::Name => (
                "the text before `=` is not the name of a variable".to_owned(),
                "a name has letters, digits and underscores, does not start with a digit, and has no quotes",
            ),
            Self::Twice(first) => {
                (format!("the variable of line {first} is set again"), "keep one of the two lines")
            }
            Self::OpenQuote => (
                "a quote is not closed".to_owned(),
                "close it; in double quotes, write \\\" for a double quote",
            ),
            Self::AfterQuote => (
                "there is text after the closing quote".to_owned(),
                "put the whole value in quotes; in double quotes, write \\\" for a double quote",
            ),
            Self::Hash => (
                "a `#` follows directly after `=`, and may start a value or a comment".to_owned(),
                "put the value in quotes, or write a space before the comment",
            ),
            Self::TwoReadings => (
                "the quotes can be read in two ways, since a backslash stands before one of them"
                    .to_owned(),
                "put the value in double quotes, with \\\\ for a backslash",
            ),
        };
        Problem::new(ErrorKind::Undecodable, format!("line {line}: {message}")).with_help(help)
    }
}

struct Reader<'a> {
    rest: &'a str,
    /// The number of the line at which `rest` starts.
    line: usize,
    /// The line of each name so far.
    lines: HashMap<&'a str, usize>,
    variables: Vec<(String, SecretValue)>,
    problems: ProblemList,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            line: 1,
            lines: HashMap::new(),
            variables: Vec::new(),
            problems: ProblemList::default(),
        }
    }

    fn read(mut self) -> Result<Vec<(String, SecretValue)>, Error> {
        while !self.rest.is_empty() && self.problems.has_room() {
            let line = self.line;
            if let Err(fault) = self.read_line() {
                self.problems.push(fault.into_problem(line));
            }
        }
        self.problems.into_result().map(|()| self.variables)
    }

    /// Reads one line, and those over which its value goes on. After a fault, the rest is the next line.
    fn read_line(&mut self) -> Result<(), Fault> {
        let (row, after) = split_line(self.rest);
        let (whole, row) = (row, row.trim_start_matches(BLANK));
        if row.is_empty() || row.starts_with('#') {
            self.advance(after);
            return Ok(());
        }
        let Some((name, value)) = after_export(row).split_once('=') else {
            self.advance(after);
            return Err(Fault::NoEquals);
        };
        // The value may go on over the next lines.
        let value = self.rest.get(whole.len() - value.len()..).unwrap_or_default();
        let read = read_value(value);
        let name = name.trim_end_matches(BLANK);
        let line = self.line;
        self.advance(read.as_ref().map_or(after, |(_, after)| after));
        // A reserved name is a field like any other, which is not exported.
        let flaw = secrets_spec::check_variable(name);
        if flaw.is_some_and(|flaw| flaw.kind != FlawKind::VariableReserved) {
            return Err(Fault::Name);
        }
        let (value, _) = read?;
        if let Some(first) = self.lines.insert(name, line) {
            return Err(Fault::Twice(first));
        }
        self.variables.push((name.to_owned(), value));
        Ok(())
    }

    /// Continues at `after`, which is the end of the rest.
    fn advance(&mut self, after: &'a str) {
        let read = self.rest.get(..self.rest.len() - after.len()).unwrap_or_default();
        let lone_returns = read.matches('\r').count() - read.matches("\r\n").count();
        self.line += read.matches('\n').count() + lone_returns;
        self.rest = after;
    }
}

/// Splits a text into its first line and the text after the line's end.
fn split_line(text: &str) -> (&str, &str) {
    let Some((row, after)) = text.split_once(['\n', '\r']) else { return (text, "") };
    let ends_in_return = text.get(row.len()..).is_some_and(|end| end.starts_with('\r'));
    let after = if ends_in_return { after.strip_prefix('\n').unwrap_or(after) } else { after };
    (row, after)
}

/// Returns a line without the word `export` at its start.
fn after_export(row: &str) -> &str {
    match row.strip_prefix("export") {
        Some(rest) if rest.starts_with(BLANK) => rest.trim_start_matches(BLANK),
        _ => row,
    }
}

/// Reads the value after a `=`. Returns it with the text from the next line on.
fn read_value(text: &str) -> Result<(SecretValue, &str), Fault> {
    let start = text.trim_start_matches(BLANK);
    match start.chars().next() {
        Some('\'') => read_single_quoted(start),
        Some('"') => read_quoted(start, read_word),
        Some('`') => read_quoted(start, read_backticks),
        _ => read_bare(text),
    }
}

fn read_bare(text: &str) -> Result<(SecretValue, &str), Fault> {
    let (row, after) = split_line(text);
    let mut is_after_blank = false;
    let comment = row.find(|c: char| {
        let starts_comment = c == '#' && is_after_blank;
        is_after_blank = BLANK.contains(&c);
        starts_comment
    });
    let value = row.get(..comment.unwrap_or(row.len())).unwrap_or_default().trim_matches(BLANK);
    if value.starts_with('#') && value.contains(BLANK) {
        return Err(Fault::Hash);
    }
    Ok((SecretValue::from(value), after))
}

/// Reads a value that starts with a single quote: as a shell does or, if the quotes do not fit then, as python-dotenv
/// does, for which `\'` is a quote inside the value.
fn read_single_quoted(text: &str) -> Result<(SecretValue, &str), Fault> {
    match (read_quoted(text, read_word), read_quoted(text, read_escaped_single)) {
        (Ok(shell), Ok(python)) if !shell.0.ct_eq(&python.0) => Err(Fault::TwoReadings),
        (Err(_), Ok(python)) => Ok(python),
        (shell, _) => shell,
    }
}

/// Reads what is in quotes at the start of a text, and passes its pieces on. Returns the length with the quotes.
type ReadQuotes = fn(&str, &mut dyn FnMut(&str)) -> Result<usize, Fault>;

/// Reads a value with `read`, which passes its characters on and returns the text after it. Only blanks and a comment
/// may follow on its last line.
fn read_quoted(text: &str, read: ReadQuotes) -> Result<(SecretValue, &str), Fault> {
    let length = read(text, &mut |_| {})?;
    let tail = text.get(length..).unwrap_or_default().trim_start_matches(BLANK);
    let (row, after) = split_line(tail);
    if !row.is_empty() && !row.starts_with('#') {
        return Err(Fault::AfterQuote);
    }
    // No value is longer than it is written, so the buffer does not grow and leave a copy behind.
    let mut value = Zeroizing::new(String::with_capacity(length));
    read(text, &mut |part| value.push_str(part))?;
    Ok((SecretValue::from(value), after))
}

/// Reads pieces in quotes that stand side by side, and `\'` between them. Returns their length.
fn read_word(text: &str, push: &mut dyn FnMut(&str)) -> Result<usize, Fault> {
    let mut rest = text;
    loop {
        if let Some(inner) = rest.strip_prefix('\'') {
            let (part, after) = inner.split_once('\'').ok_or(Fault::OpenQuote)?;
            push(part);
            rest = after;
        } else if let Some(inner) = rest.strip_prefix('"') {
            rest = read_double(inner, push)?;
        } else if let Some(after) = rest.strip_prefix("\\'") {
            push("'");
            rest = after;
        } else {
            return Ok(text.len() - rest.len());
        }
    }
}

/// Reads up to the closing double quote. Returns the text after it.
fn read_double<'a>(text: &'a str, push: &mut dyn FnMut(&str)) -> Result<&'a str, Fault> {
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once(['"', '\\']).ok_or(Fault::OpenQuote)?;
        push(part);
        if rest.get(part.len()..).is_some_and(|mark| mark.starts_with('"')) {
            return Ok(after);
        }
        let mut chars = after.chars();
        let escaped = chars.next().ok_or(Fault::OpenQuote)?;
        match escaped {
            'n' => push("\n"),
            'r' => push("\r"),
            't' => push("\t"),
            '"' | '\\' | '$' | '`' | '\'' => push(escaped.encode_utf8(&mut [0; 4])),
            other => {
                push("\\");
                push(other.encode_utf8(&mut [0; 4]));
            }
        }
        rest = chars.as_str();
    }
}

/// Reads a text in single quotes in which `\'` is a quote and `\\` a backslash. Returns its length. Without a `\'` in it
/// the text is not written so, and a backslash is literal for all readers but python-dotenv.
fn read_escaped_single(text: &str, push: &mut dyn FnMut(&str)) -> Result<usize, Fault> {
    let mut rest = text.strip_prefix('\'').ok_or(Fault::OpenQuote)?;
    let mut is_escaped = false;
    loop {
        let (part, after) = rest.split_once(['\'', '\\']).ok_or(Fault::OpenQuote)?;
        push(part);
        if rest.get(part.len()..).is_some_and(|mark| mark.starts_with('\'')) {
            return if is_escaped { Ok(text.len() - after.len()) } else { Err(Fault::OpenQuote) };
        }
        rest = if let Some(next) = after.strip_prefix('\'') {
            is_escaped = true;
            push("'");
            next
        } else {
            push("\\");
            after.strip_prefix('\\').unwrap_or(after)
        };
    }
}

fn read_backticks(text: &str, push: &mut dyn FnMut(&str)) -> Result<usize, Fault> {
    let inner = text.strip_prefix('`').ok_or(Fault::OpenQuote)?;
    let (part, after) = inner.split_once('`').ok_or(Fault::OpenQuote)?;
    push(part);
    Ok(text.len() - after.len())
}
