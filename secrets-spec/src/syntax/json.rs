//! A JSON reader (RFC 8259) for declarations, which keeps the position of every value. Payloads of secrets are never
//! read with it.

use alloc::{format, string::String, vec::Vec};
use core::{iter::Peekable, ops::Range, str::CharIndices};

use crate::{
    grammar::{source_text::quoted_source, spec_error::SpecError},
    syntax::node::{FieldName, Node, Value},
};

const MAX_DEPTH: usize = 32;

/// The fields of an object, in source order.
type Fields = Vec<(FieldName<Range<usize>>, Node<Range<usize>>)>;

/// Parses JSON text into nodes with byte ranges.
///
/// # Errors
/// If the text is not JSON. The help covers what Python and web pages make of JSON: single and curly quotes, dashes,
/// `True`, `None`, words without quotes. Since the text may contain values of `inline` sources, the error quotes only
/// the name of a source, and only in the outermost list.
pub fn read_json(text: &str) -> Result<Node<Range<usize>>, SpecError> {
    let mut reader = JsonReader::new(text);
    let node = reader.read_value(0)?;
    reader.skip_space();
    match reader.chars.peek() {
        None => Ok(node),
        Some(&(at, _)) => Err(reader.error(at..text.len(), "there is text after the value", None)),
    }
}

/// Parses one value at the start of a text, and returns it with the index of its end.
pub(crate) fn read_json_prefix(text: &str) -> Result<(Node<Range<usize>>, usize), SpecError> {
    let mut reader = JsonReader::new(text);
    let node = reader.read_value(0)?;
    let end = node.at.end;
    Ok((node, end))
}

struct JsonReader<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
    /// Whether an object or an inner list has begun. From there on a text may be a value of an `inline` source, even
    /// after a bracket that closes too early, so errors do not quote it.
    hidden: bool,
}

impl<'a> JsonReader<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, chars: text.char_indices().peekable(), hidden: false }
    }

    fn error(&self, range: Range<usize>, message: &str, help: Option<&str>) -> SpecError {
        SpecError::new(message, range, help.map(String::from))
    }

    fn position(&mut self) -> usize {
        self.chars.peek().map_or(self.text.len(), |(at, _)| *at)
    }

    fn skip_space(&mut self) {
        while self.chars.next_if(|(_, c)| matches!(c, ' ' | '\t' | '\n' | '\r')).is_some() {}
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.chars.next_if(|(_, c)| *c == wanted).is_some()
    }

    fn read_value(&mut self, depth: usize) -> Result<Node<Range<usize>>, SpecError> {
        self.skip_space();
        let start = self.position();
        if depth > MAX_DEPTH {
            return Err(self.error(start..start, "the text is nested too deeply", None));
        }
        self.hidden |= depth > 1;
        let value = match self.chars.peek().map(|(_, c)| *c) {
            Some('"') => Value::Text(self.read_string()?),
            Some('[') => Value::List(self.read_list(depth)?),
            Some('{') => Value::Map(self.read_map(depth)?),
            Some(_) => self.read_word(start)?,
            None => {
                return Err(self.error(start..start, "a value is missing", Some("write \"..\"")));
            }
        };
        let end = self.position();
        Ok(Node { value, at: start..end })
    }

    fn read_list(&mut self, depth: usize) -> Result<Vec<Node<Range<usize>>>, SpecError> {
        let start = self.position();
        self.chars.next();
        let mut items = Vec::new();
        self.skip_space();
        if self.eat(']') {
            return Ok(items);
        }
        loop {
            items.push(self.read_value(depth + 1)?);
            self.skip_space();
            if self.eat(']') {
                return Ok(items);
            }
            if !self.eat(',') {
                return Err(self.unfinished_error(start, "a list", ']'));
            }
        }
    }

    fn read_map(&mut self, depth: usize) -> Result<Fields, SpecError> {
        let start = self.position();
        self.chars.next();
        self.hidden = true;
        let mut fields = Fields::new();
        self.skip_space();
        if self.eat('}') {
            return Ok(fields);
        }
        loop {
            self.skip_space();
            let name = self.position();
            if !matches!(self.chars.peek(), Some((_, '"'))) {
                return Err(self.unexpected_error(name));
            }
            let text = self.read_string()?;
            let name = FieldName { text, at: name..self.position() };
            self.skip_space();
            if !self.eat(':') {
                let at = self.position();
                return Err(self.error(
                    at..at,
                    "a colon is missing after a name",
                    Some("write \"name\": value"),
                ));
            }
            fields.push((name, self.read_value(depth + 1)?));
            self.skip_space();
            if self.eat('}') {
                return Ok(fields);
            }
            if !self.eat(',') {
                return Err(self.unfinished_error(start, "a set of fields", '}'));
            }
        }
    }

    fn unfinished_error(&mut self, start: usize, noun: &str, close: char) -> SpecError {
        let at = self.position();
        let message =
            format!("{noun} that starts at byte {start} goes on without a comma, or is not closed");
        SpecError::new(message, at..at, Some(format!("write `,` or `{close}`")))
    }

    fn read_string(&mut self) -> Result<String, SpecError> {
        let start = self.position();
        self.chars.next();
        let mut text = String::new();
        while let Some((at, c)) = self.chars.next() {
            match c {
                '"' => return Ok(text),
                '\\' => text.push(self.read_escape(at)?),
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

    fn read_escape(&mut self, start: usize) -> Result<char, SpecError> {
        let escaped = self.chars.next().map(|(_, c)| c);
        Ok(match escaped {
            Some(c @ ('"' | '\\' | '/')) => c,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => return self.read_unicode_escape(start),
            _ => {
                let end = self.position();
                return Err(self.error(
                    start..end,
                    "there is no such escape",
                    Some("write \\\\ for a backslash"),
                ));
            }
        })
    }

    fn read_unicode_escape(&mut self, start: usize) -> Result<char, SpecError> {
        let high = self.read_hex_digits();
        let code = match high {
            Some(high @ 0xD800..=0xDBFF) if self.eat('\\') && self.eat('u') => {
                let low = self.read_hex_digits().filter(|low| (0xDC00..=0xDFFF).contains(low));
                low.map(|low| 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
            }
            other => other,
        };
        let end = self.position();
        code.and_then(char::from_u32).ok_or_else(|| {
            self.error(
                start..end,
                "an escape is not a character",
                Some("write the character itself"),
            )
        })
    }

    fn read_hex_digits(&mut self) -> Option<u32> {
        let mut code = 0;
        for _ in 0..4 {
            let (_, digit) = self.chars.next_if(|(_, c)| c.is_ascii_hexdigit())?;
            code = code * 16 + digit.to_digit(16)?;
        }
        Some(code)
    }

    /// Reads a number or a JSON keyword, or reports a word without quotes.
    fn read_word(&mut self, start: usize) -> Result<Value<Range<usize>>, SpecError> {
        let belongs = |c: char| c.is_alphanumeric() || "_-.+/@:=".contains(c);
        while self.chars.next_if(|(_, c)| belongs(*c)).is_some() {}
        let end = self.position();
        let (message, help) = match self.text.get(start..end).unwrap_or_default() {
            "true" => return Ok(Value::Bool(true)),
            "false" => return Ok(Value::Bool(false)),
            "null" => return Ok(Value::Null),
            "" => return Err(self.unexpected_error(start)),
            word if is_number(word) => return Ok(Value::Number(word.parse().ok())),
            "True" => ("JSON has no such word", String::from("write true")),
            "False" => ("JSON has no such word", String::from("write false")),
            "None" => ("JSON has no such word", String::from("write null")),
            word => {
                let message = match self.quotable(word) {
                    Some(source) => format!("a text is not quoted: {source}"),
                    None => String::from("a text is not quoted"),
                };
                return Err(self.error(start..end, &message, Some(&self.help_to_quote(word))));
            }
        };
        Err(self.error(start..end, message, Some(&help)))
    }

    /// Returns the error for text at `start` that cannot begin a JSON value.
    fn unexpected_error(&mut self, start: usize) -> SpecError {
        let rest = self.text.get(start..).unwrap_or_default();
        let first = rest.chars().next();
        let end = start + first.map_or(0, char::len_utf8);
        // The help for a text up to its closing quote.
        let inner = |close: &[char]| {
            let after = self.text.get(end..).unwrap_or_default();
            after.split(close).next().map_or_else(String::new, |text| self.help_to_quote(text))
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

    /// Returns the help for a text without quotes or with wrong ones. It repeats the text only if it is a source in
    /// the position of a source.
    fn help_to_quote(&self, text: &str) -> String {
        match self.quotable(text) {
            Some(source) => format!("write {source}"),
            None => String::from("write it in double quotes"),
        }
    }

    /// Returns the text in quotes, if it is a source in the position of a source.
    fn quotable(&self, text: &str) -> Option<String> {
        quoted_source(text).filter(|_| !self.hidden)
    }
}

/// Whether the text is a JSON number: `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`.
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
