//! JSON (RFC 8259) with the place of every value, for declarations. Payloads of secrets never come here.

use alloc::{format, string::String, vec::Vec};
use core::{
    fmt::{self, Write},
    iter::Peekable,
    ops::Range,
    str::CharIndices,
};

use crate::{Name, Node, Source, SourceRole, SpecError, Value};

const MAX_DEPTH: usize = 32;

/// Reads JSON text into nodes that know their bytes.
///
/// # Errors
/// If the text is not JSON, with a suggestion for what Python or a web page makes of it: single and curly
/// quotes, `True`, `None`, words without quotes.
pub fn read_json(text: &str) -> Result<Node<Range<usize>>, SpecError> {
    let mut reader = Reader::new(text);
    let node = reader.value(0)?;
    reader.space();
    match reader.chars.peek() {
        None => Ok(node),
        Some(&(at, _)) => Err(reader.error(at..text.len(), "there is text after the value", None)),
    }
}

/// Reads one value that starts a text; gives it and the byte after it.
pub(crate) fn read_prefix(text: &str) -> Result<(Node<Range<usize>>, usize), SpecError> {
    let mut reader = Reader::new(text);
    let node = reader.value(0)?;
    let end = node.at.end;
    Ok((node, end))
}

struct Reader<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, chars: text.char_indices().peekable() }
    }

    fn error(&self, range: Range<usize>, message: &str, help: Option<&str>) -> SpecError {
        SpecError::new(message, range, help.map(String::from))
    }

    fn at(&mut self) -> usize {
        self.chars.peek().map_or(self.text.len(), |(at, _)| *at)
    }

    fn space(&mut self) {
        while self.chars.next_if(|(_, c)| matches!(c, ' ' | '\t' | '\n' | '\r')).is_some() {}
    }

    fn take(&mut self, wanted: char) -> bool {
        self.chars.next_if(|(_, c)| *c == wanted).is_some()
    }

    fn value(&mut self, depth: usize) -> Result<Node<Range<usize>>, SpecError> {
        self.space();
        let start = self.at();
        if depth > MAX_DEPTH {
            return Err(self.error(start..start, "the text is nested too deeply", None));
        }
        let value = match self.chars.peek().map(|(_, c)| *c) {
            Some('"') => Value::Text(self.string()?),
            Some('[') => Value::List(self.list(depth)?),
            Some('{') => Value::Map(self.map(depth)?),
            Some('-' | '0'..='9') => self.number(start)?,
            Some(_) => self.word(start)?,
            None => {
                return Err(self.error(start..start, "a value is missing", Some("write \"..\"")));
            }
        };
        let end = self.at();
        Ok(Node { value, at: start..end })
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node<Range<usize>>>, SpecError> {
        let start = self.at();
        self.chars.next();
        let mut items = Vec::new();
        self.space();
        if self.take(']') {
            return Ok(items);
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take(']') {
                return Ok(items);
            }
            if !self.take(',') {
                return Err(self.unfinished(start, "a list", ']'));
            }
        }
    }

    fn map(
        &mut self,
        depth: usize,
    ) -> Result<Vec<(Name<Range<usize>>, Node<Range<usize>>)>, SpecError> {
        let start = self.at();
        self.chars.next();
        let mut fields: Vec<(Name<Range<usize>>, Node<Range<usize>>)> = Vec::new();
        self.space();
        if self.take('}') {
            return Ok(fields);
        }
        loop {
            self.space();
            let name = self.at();
            if !matches!(self.chars.peek(), Some((_, '"'))) {
                return Err(self.unquoted(name));
            }
            let text = self.string()?;
            let name = Name { text, at: name..self.at() };
            self.space();
            if !self.take(':') {
                let at = self.at();
                return Err(self.error(
                    at..at,
                    "a colon is missing after a name",
                    Some("write \"name\": value"),
                ));
            }
            let value = self.value(depth + 1)?;
            fields.push((name, value));
            self.space();
            if self.take('}') {
                return Ok(fields);
            }
            if !self.take(',') {
                return Err(self.unfinished(start, "a set of fields", '}'));
            }
        }
    }

    fn unfinished(&mut self, start: usize, noun: &str, close: char) -> SpecError {
        let at = self.at();
        let message =
            format!("{noun} that starts at byte {start} goes on without a comma, or is not closed");
        SpecError::new(message, at..at, Some(format!("write `,` or `{close}`")))
    }

    fn string(&mut self) -> Result<String, SpecError> {
        let start = self.at();
        self.chars.next();
        let mut text = String::new();
        while let Some((at, c)) = self.chars.next() {
            match c {
                '"' => return Ok(text),
                '\\' => text.push(self.escape(at)?),
                c if (c as u32) < 0x20 => {
                    let message = "a text holds a control character as it is";
                    return Err(self.error(
                        at..at + 1,
                        message,
                        Some("write it as an escape, such as \\n"),
                    ));
                }
                c => text.push(c),
            }
        }
        Err(self.error(start..self.text.len(), "a text is not closed", Some("close it with \"")))
    }

    fn escape(&mut self, start: usize) -> Result<char, SpecError> {
        let escaped = self.chars.next().map(|(_, c)| c);
        Ok(match escaped {
            Some(c @ ('"' | '\\' | '/')) => c,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => return self.unicode(start),
            _ => {
                let end = self.at();
                return Err(self.error(
                    start..end,
                    "there is no such escape",
                    Some("write \\\\ for a backslash"),
                ));
            }
        })
    }

    fn unicode(&mut self, start: usize) -> Result<char, SpecError> {
        let high = self.hex();
        let code = match high {
            Some(high @ 0xD800..=0xDBFF) if self.take('\\') && self.take('u') => {
                let low = self.hex().filter(|low| (0xDC00..=0xDFFF).contains(low));
                low.map(|low| 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
            }
            other => other,
        };
        let end = self.at();
        code.and_then(char::from_u32).ok_or_else(|| {
            self.error(start..end, "an escape is no character", Some("write the character itself"))
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let mut code = 0;
        for _ in 0..4 {
            let (_, digit) = self.chars.next_if(|(_, c)| c.is_ascii_hexdigit())?;
            code = code * 16 + digit.to_digit(16)?;
        }
        Some(code)
    }

    fn number(&mut self, start: usize) -> Result<Value<Range<usize>>, SpecError> {
        while self
            .chars
            .next_if(|(_, c)| matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'))
            .is_some()
        {}
        let end = self.at();
        if is_number(&self.text[start..end]) {
            return Ok(Value::Number);
        }
        Err(self.error(start..end, "this is not a number", Some("write a text in double quotes")))
    }

    fn word(&mut self, start: usize) -> Result<Value<Range<usize>>, SpecError> {
        while self
            .chars
            .next_if(|(_, c)| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
            .is_some()
        {}
        let end = self.at();
        match &self.text[start..end] {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            "null" => Ok(Value::Null),
            "" => Err(self.unquoted(start)),
            word => Err(match word {
                "True" | "False" => self.error(
                    start..end,
                    "JSON has no such word",
                    Some(&format!("write {}", word.to_ascii_lowercase())),
                ),
                "None" => self.error(start..end, "JSON has no such word", Some("write null")),
                word => self.error(
                    start..end,
                    "a text is not quoted",
                    Some(&format!("write \"{word}\"")),
                ),
            }),
        }
    }

    /// What stands at `start` is no JSON at all: say what it was meant to be.
    fn unquoted(&mut self, start: usize) -> SpecError {
        let rest = &self.text[start..];
        let first = rest.chars().next();
        let end = start + first.map_or(0, char::len_utf8);
        match first {
            Some('\'') => {
                let inner = rest[1..].split('\'').next().unwrap_or_default();
                self.error(
                    start..end,
                    "single quotes are not JSON",
                    Some(&format!("write \"{inner}\"")),
                )
            }
            Some('\u{201C}' | '\u{201D}' | '\u{2018}' | '\u{2019}' | '\u{201E}') => self.error(
                start..end,
                "curly quotes are not JSON",
                Some("write straight double quotes: \"..\""),
            ),
            Some('\u{2013}' | '\u{2014}') => {
                self.error(start..end, "a dash is not a hyphen", Some("write a hyphen: -"))
            }
            Some(c) if c.is_alphabetic() || c == '_' => {
                self.error(start..end, "a name is not quoted", Some("write it in double quotes"))
            }
            Some(_) => {
                self.error(start..end, "this is not JSON", Some("write a text in double quotes"))
            }
            None => self.error(start..end, "the text ends too early", Some("close what is open")),
        }
    }
}

/// The grammar of numbers: `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

/// Writes a source as JSON; the values of `inline` are masked.
pub(crate) fn write_source(source: &Source, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let options = source.options();
    let role = match source.role() {
        SourceRole::Inherit => None,
        role => role.as_str(),
    };
    f.write_str("{\"id\": ")?;
    write_text(source.id(), f)?;
    let backend = source.backend().map(crate::BackendType::as_str);
    for (name, value) in [("type", backend), ("group", source.alias()), ("role", role)] {
        if let Some(value) = value {
            write!(f, ", \"{name}\": ")?;
            write_text(value, f)?;
        }
    }
    let mut comma = "";
    if *options != crate::Options::default() {
        f.write_str(", \"options\": {")?;
        for (name, value) in [("json", options.json), ("required", options.required)] {
            if let Some(value) = value {
                write!(f, "{comma}\"{name}\": {value}")?;
                comma = ", ";
            }
        }
        for (name, value) in [
            ("env_var_name", &options.env_var_name),
            ("region", &options.region),
            ("version_id", &options.version_id),
            ("version_stage", &options.version_stage),
        ] {
            if let Some(value) = value {
                write!(f, "{comma}\"{name}\": ")?;
                write_text(value, f)?;
                comma = ", ";
            }
        }
        if let Some(vars) = &options.env_vars {
            write!(f, "{comma}\"env_vars\": {{")?;
            for (index, (name, _)) in vars.iter().enumerate() {
                f.write_str(if index == 0 { "" } else { ", " })?;
                write_text(name, f)?;
                f.write_str(": \"***\"")?;
            }
            f.write_char('}')?;
        }
        f.write_char('}')?;
    }
    f.write_char('}')
}

fn write_text(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            c if (c as u32) < 0x20 => write!(f, "\\u{:04x}", c as u32)?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}
