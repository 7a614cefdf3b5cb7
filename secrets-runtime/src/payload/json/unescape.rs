use zeroize::Zeroizing;

/// Decodes the content of a JSON string into one buffer that is wiped and never grows.
///
/// # Errors
/// The first part that is not a text: half a surrogate pair, an unknown escape, a raw control character.
pub(super) fn unescape(written: &str) -> Result<Zeroizing<String>, StringFlaw> {
    // No escape is shorter than the character that it encodes.
    let mut text = Zeroizing::new(String::with_capacity(written.len()));
    let mut rest = written;
    loop {
        let (plain, escape) = match rest.split_once('\\') {
            Some((plain, escape)) => (plain, Some(escape)),
            None => (rest, None),
        };
        let at = written.len() - rest.len();
        if let Some(control) = plain.bytes().position(|byte| byte < b' ') {
            return Err(StringFlaw::new(at + control, "a raw control character is in a string"));
        }
        text.push_str(plain);
        let Some(escape) = escape else { return Ok(text) };
        let (character, after) =
            read_escape(escape).map_err(|what| StringFlaw::new(at + plain.len(), what))?;
        text.push(character);
        rest = after;
    }
}

/// What is wrong with a string, and at which byte of its content.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StringFlaw {
    pub(super) at: usize,
    pub(super) what: &'static str,
}

impl StringFlaw {
    fn new(at: usize, what: &'static str) -> Self {
        Self { at, what }
    }
}

/// Returns the character of an escape whose backslash was read, and the text after the escape.
fn read_escape(escape: &str) -> Result<(char, &str), &'static str> {
    let mut chars = escape.chars();
    let character = match chars.next() {
        Some(same @ ('"' | '\\' | '/')) => same,
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('u') => return read_unicode(chars.as_str()),
        _ => return Err("a string has an escape that JSON does not know"),
    };
    Ok((character, chars.as_str()))
}

const HALF: &str = "a string has half a surrogate pair, which is not a character";

fn read_unicode(digits: &str) -> Result<(char, &str), &'static str> {
    let (first, rest) = hex(digits)?;
    match first {
        0xD800..=0xDBFF => {
            let (second, rest) = rest.strip_prefix("\\u").ok_or(HALF).and_then(hex)?;
            if !(0xDC00..=0xDFFF).contains(&second) {
                return Err(HALF);
            }
            let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            Ok((char::from_u32(code).ok_or(HALF)?, rest))
        }
        _ => Ok((char::from_u32(first).ok_or(HALF)?, rest)),
    }
}

fn hex(text: &str) -> Result<(u32, &str), &'static str> {
    let bad = "a string has a `\\u` without four hexadecimal digits";
    let (digits, rest) = text.split_at_checked(4).ok_or(bad)?;
    // `from_str_radix` would accept a sign too.
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(bad);
    }
    Ok((u32::from_str_radix(digits, 16).map_err(|_| bad)?, rest))
}
