//! JSON (RFC 8259) with the place of every value, for declarations. Payloads of secrets never come here.

use alloc::{format, string::String, vec::Vec};
use core::{iter::Peekable, ops::Range, str::CharIndices};

use crate::{
    grammar::{source_text::quoted_source, spec_error::SpecError},
    syntax::node::{FieldName, Node, Value},
};

const MAX_DEPTH: usize = 32;

/// The fields of an object, in the order they are written.
type Fields = Vec<(FieldName<Range<usize>>, Node<Range<usize>>)>;

/// Reads JSON text into nodes that know their bytes.
///
/// # Errors
/// If the text is not JSON, with a suggestion for what Python or a web page makes of it: single and curly
/// quotes, dashes, `True`, `None`, words without quotes. The error quotes nothing of the text, which may hold
/// values of `inline`, but a source's name that stands in the outermost list without its quotes.
pub fn read_json(text: &str) -> Result<Node<Range<usize>>, SpecError> {
    let mut reader = JsonReader::new(text);
    let node = reader.value(0)?;
    reader.space();
    match reader.chars.peek() {
        None => Ok(node),
        Some(&(at, _)) => Err(reader.error(at..text.len(), "there is text after the value", None)),
    }
}

/// Reads one value that starts a text; gives it and the byte after it.
pub(crate) fn read_json_prefix(text: &str) -> Result<(Node<Range<usize>>, usize), SpecError> {
    let mut reader = JsonReader::new(text);
    let node = reader.value(0)?;
    let end = node.at.end;
    Ok((node, end))
}

struct JsonReader<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
    /// Whether an object or a list in the list has begun: from there on a text may be a value of `inline`, even
    /// behind a bracket that closes too early, and no error shows it.
    hidden: bool,
}

impl<'a> JsonReader<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, chars: text.char_indices().peekable(), hidden: false }
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
        self.hidden |= depth > 1;
        let value = match self.chars.peek().map(|(_, c)| *c) {
            Some('"') => Value::Text(self.string()?),
            Some('[') => Value::List(self.list(depth)?),
            Some('{') => Value::Map(self.map(depth)?),
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

    fn map(&mut self, depth: usize) -> Result<Fields, SpecError> {
        let start = self.at();
        self.chars.next();
        self.hidden = true;
        let mut fields = Fields::new();
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
            let name = FieldName { text, at: name..self.at() };
            self.space();
            if !self.take(':') {
                let at = self.at();
                return Err(self.error(
                    at..at,
                    "a colon is missing after a name",
                    Some("write \"name\": value"),
                ));
            }
            fields.push((name, self.value(depth + 1)?));
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

    /// A number, a word of JSON, or what somebody forgot to quote.
    fn word(&mut self, start: usize) -> Result<Value<Range<usize>>, SpecError> {
        let belongs = |c: char| c.is_alphanumeric() || "_-.+/@:=".contains(c);
        while self.chars.next_if(|(_, c)| belongs(*c)).is_some() {}
        let end = self.at();
        let (message, help) = match &self.text[start..end] {
            "true" => return Ok(Value::Bool(true)),
            "false" => return Ok(Value::Bool(false)),
            "null" => return Ok(Value::Null),
            "" => return Err(self.unquoted(start)),
            word if is_number(word) => return Ok(Value::Number),
            "True" => ("JSON has no such word", String::from("write true")),
            "False" => ("JSON has no such word", String::from("write false")),
            "None" => ("JSON has no such word", String::from("write null")),
            word => ("a text is not quoted", self.quoted(word)),
        };
        Err(self.error(start..end, message, Some(&help)))
    }

    /// What stands at `start` is no JSON at all: say what it was meant to be.
    fn unquoted(&mut self, start: usize) -> SpecError {
        let rest = &self.text[start..];
        let first = rest.chars().next();
        let end = start + first.map_or(0, char::len_utf8);
        // The text up to the quote that closes it.
        let inner = |close: &[char]| {
            self.text[end..].split(close).next().map_or_else(String::new, |text| self.quoted(text))
        };
        let (message, help) = match first {
            Some('\'') => ("single quotes are not JSON", inner(&['\''])),
            Some('`') => ("backquotes are not JSON", inner(&['`'])),
            Some('\u{2018}'..='\u{201B}') => {
                ("curly quotes are not JSON", inner(&['\u{2018}', '\u{2019}', '\u{201B}']))
            }
            Some('\u{201C}'..='\u{201F}') => {
                ("curly quotes are not JSON", inner(&['\u{201C}', '\u{201D}', '\u{201F}']))
            }
            Some('\u{2010}'..='\u{2015}' | '\u{2212}') => {
                ("a dash is not a hyphen", String::from("write a hyphen: -"))
            }
            Some('\\') => {
                ("a backslash stands outside a text", String::from("write \" without it"))
            }
            Some(']' | '}' | ',') => {
                ("a value is missing", String::from("write one, or remove the comma before it"))
            }
            Some(c) if c.is_alphanumeric() || c == '_' => {
                ("a name is not quoted", String::from("write it in double quotes"))
            }
            Some(_) => ("this is not JSON", String::from("write a text in double quotes")),
            None => ("the text ends too early", String::from("close what is open")),
        };
        self.error(start..end, message, Some(&help))
    }

    /// How a text without its quotes, or with wrong ones, is written. It is shown only where a source's name
    /// stands and only if it is one.
    fn quoted(&self, text: &str) -> String {
        match quoted_source(text) {
            Some(source) if !self.hidden => format!("write {source}"),
            _ => String::from("write it in double quotes"),
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
