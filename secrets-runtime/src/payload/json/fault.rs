use std::{borrow::Cow, str::Utf8Error};

use serde_json::value::RawValue;

use crate::{
    core::{
        error::{ErrorKind, Problem},
        escape,
        help_code::HelpCode,
        line_column::LineColumn,
    },
    payload::json::form::Form,
};

/// Why a payload is not the expected JSON: what is wrong and where, without any of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonFault {
    what: Cow<'static, str>,
    place: LineColumn,
    /// The key that is there twice.
    key: Option<String>,
    help: Option<&'static str>,
}

impl JsonFault {
    /// Creates the fault at this byte of the text. Only the line breaks of the text are read.
    pub(super) fn at(text: &str, offset: usize, what: impl Into<Cow<'static, str>>) -> Self {
        Self { what: what.into(), place: LineColumn::of(text, offset), key: None, help: None }
    }

    /// Creates the fault of a key that is there twice, the second time at this byte.
    pub(super) fn duplicate_key(text: &str, offset: usize, key: &str) -> Self {
        let fault = Self::at(text, offset, "a key is there twice").with_help("keep one of them");
        Self { key: Some(escape::escape_name(key)), ..fault }
    }

    pub(super) fn with_help(self, help: &'static str) -> Self {
        Self { help: Some(help), ..self }
    }

    pub(super) fn not_utf8(bytes: &[u8], error: Utf8Error) -> Self {
        let valid =
            bytes.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok());
        let valid = valid.unwrap_or_default();
        Self::at(valid, valid.len(), "the payload is not UTF-8 text").with_help(PLAIN)
    }

    pub(super) fn other_form(text: &str, at: usize, found: Option<Form>, wanted: Form) -> Self {
        let wanted = wanted.as_str();
        // The first character alone makes no JSON: a token may begin with a `t`, a key with a hyphen.
        let found = found.filter(|_| serde_json::from_str::<&RawValue>(&text[at..]).is_ok());
        let what = match found {
            Some(form) => format!("the JSON is {}, where {wanted} is needed", form.as_str()),
            None if at == text.len() => format!("the payload is empty, where {wanted} is needed"),
            None if text.get(at..).is_some_and(|rest| rest.starts_with('\u{FEFF}')) => {
                return Self::at(
                    text,
                    at,
                    "the payload starts with a byte order mark, which is not JSON",
                )
                .with_help("store it without the mark (UTF-8 without BOM)");
            }
            None => format!("it is not JSON, where {wanted} is needed"),
        };
        Self::at(text, at, what).with_help(PLAIN)
    }

    /// Converts an error of `serde_json`. Its words are recognized and never passed on, since some of its
    /// errors print the value.
    pub(super) fn syntax(text: &str, error: &serde_json::Error) -> Self {
        if error.is_eof() {
            return Self::at(text, text.len(), "the JSON is cut short").with_help(PLAIN);
        }
        let theirs = error.to_string();
        let read = offset(text, error);
        // `serde_json` reports a raw control character without consuming it.
        let offset = read + usize::from(error.is_syntax() && theirs.starts_with(CONTROL));
        let offset =
            (0..=offset.min(text.len())).rfind(|at| text.is_char_boundary(*at)).unwrap_or_default();
        if let Some((what, help)) = syntax_of_other_language(text.get(offset..).unwrap_or_default())
        {
            return Self::at(text, offset, what).with_help(help);
        }
        let known = SYNTAX.iter().find(|(start, _)| error.is_syntax() && theirs.starts_with(start));
        Self::at(text, offset, known.map_or("it is not JSON", |(_, ours)| *ours)).with_help(PLAIN)
    }

    /// Returns what is wrong in JSON that is the value of a field, and where. A key in there is a part of the value,
    /// and is not shown.
    pub(crate) fn message(&self) -> String {
        format!("{}, at {}", self.what, self.place)
    }

    /// Returns the fault as the problem of a source, whose keys are the names of its fields.
    pub(crate) fn into_problem(self) -> Problem {
        let message = match &self.key {
            Some(key) => format!("the key \"{key}\" is there twice, at {}", self.place),
            None => self.message(),
        };
        let problem = Problem::new(ErrorKind::Undecodable, message);
        if self.help == Some(PLAIN) {
            return problem.with_help_code(HelpCode::PlainValue);
        }
        problem.with_help(self.help.unwrap_or("correct the stored secret"))
    }
}

/// Stands for [`HelpCode::PlainValue`].
const PLAIN: &str = "";

const CONTROL: &str = "control character";

/// How the messages of `serde_json` start, and our words for them.
const SYNTAX: [(&str, &str); 9] = [
    (CONTROL, "a raw control character is in a string"),
    ("expected `,` or", "a comma or the closing bracket is missing"),
    ("expected `:`", "a colon is missing after a key"),
    ("expected value", "a value is missing, or is not JSON"),
    ("invalid escape", "a string has an escape that JSON does not know"),
    ("invalid number", "a number is not written as JSON writes it"),
    ("key must be a string", "a key is not in double quotes"),
    ("trailing characters", "there is text after the JSON"),
    ("trailing comma", "there is a comma before the closing bracket"),
];

/// Syntax of other languages that JSON does not have.
fn syntax_of_other_language(rest: &str) -> Option<(&'static str, &'static str)> {
    let starts = |words: &[&str]| words.iter().any(|word| rest.starts_with(word));
    if starts(&["NaN", "Infinity", "-Infinity"]) {
        Some(("NaN and Infinity are not JSON", "write the number as a string"))
    } else if starts(&["True", "False", "None"]) {
        Some(("a word of Python is not JSON", "write `true`, `false` or `null`"))
    } else if starts(&["'"]) {
        Some(("a single quote is not JSON", "write strings in double quotes"))
    } else {
        None
    }
}

/// Returns the byte that an error of `serde_json` is about. It counts lines and bytes from 1, and its column
/// is that of the last byte it has read.
fn offset(text: &str, error: &serde_json::Error) -> usize {
    let lines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
    let start =
        std::iter::once(0).chain(lines).nth(error.line().saturating_sub(1)).unwrap_or_default();
    start + error.column().saturating_sub(1)
}
