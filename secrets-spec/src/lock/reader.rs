//! Reads the part of TOML that `secrets.lock` uses, and nothing more.

use alloc::{string::String, vec::Vec};
use core::mem::take;

use crate::lock::{
    comments::{LockComments, SecretComments},
    document::{HEAD, LockedFields, SecretsLock},
    error::{LockError, LockFault},
};

const SPACE: [char; 2] = [' ', '\t'];
const CONFLICT_MARKS: [&str; 4] = ["<<<<<<<", "=======", ">>>>>>>", "|||||||"];

const SECTION: &str = "`version = 1` or `[secrets]` is expected";
const NAME: &str = "a secret's name in double quotes is expected";
const EQUALS: &str = "`=` is expected after the name";
const FIELDS: &str =
    "\"text\", \"binary\" or a list of keys such as [\"password\", \"user\"] is expected";
const STRING: &str = "a text in double quotes does not end in this line, or has an invalid escape";
const AFTER: &str = "nothing but a comment can follow";

/// Where the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    AfterVersion,
    Secrets,
}

impl SecretsLock {
    /// Reads the text of a lock. The lines need not be sorted.
    ///
    /// # Errors
    /// The first mistake, with its line. The error does not repeat the line's text.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        read(text)
    }
}

fn read(text: &str) -> Result<SecretsLock, LockError> {
    let mut place = Place::Start;
    let mut lines: Vec<(String, LockedFields, usize)> = Vec::new();
    let mut comments = LockComments::default();
    // Those above the next line.
    let mut above: Vec<String> = Vec::new();
    // Windows' editors may write a byte order mark, and line ends of two characters.
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    for (index, raw) in text.split('\n').enumerate() {
        let at = |fault| LockError { line: Some(index + 1), fault };
        let line = raw.strip_suffix('\r').unwrap_or(raw).trim_matches(SPACE);
        if line.starts_with('#') && line != HEAD {
            above.push(String::from(line));
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if CONFLICT_MARKS.iter().any(|mark| line.starts_with(mark)) {
            return Err(at(LockFault::ConflictMarks));
        }
        match place {
            Place::Secrets => {
                let (name, fields, after) = read_secret(line).map_err(at)?;
                if after.is_some() || !above.is_empty() {
                    let of_secret = SecretComments { above: take(&mut above), after };
                    comments.secrets.insert(name.clone(), of_secret);
                }
                lines.push((name, fields, index + 1));
            }
            Place::Start | Place::AfterVersion => {
                let (next, after) = read_head(line, place).map_err(at)?;
                above.extend(after);
                place = next;
                if place == Place::Secrets {
                    comments.head = take(&mut above);
                }
            }
        }
    }
    if place == Place::Start {
        return Err(LockError { line: None, fault: LockFault::NoVersion });
    }
    comments.end = above;
    if !lines.is_sorted_by(|a, b| a.0 <= b.0) {
        // Stable, so that of two lines with one name the later one is reported.
        lines.sort_by(|a, b| a.0.cmp(&b.0));
    }
    if let Some(pair) = lines.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(LockError { line: Some(pair[1].2), fault: LockFault::Twice });
    }
    let lines = lines.into_iter().map(|(name, fields, _)| (name, fields)).collect();
    Ok(SecretsLock { lines, comments })
}

/// Reads a line before the secrets. Returns where the reader is then, and the comment after it.
fn read_head(line: &str, place: Place) -> Result<(Place, Option<String>), LockFault> {
    if let Some(rest) = line.strip_prefix("[secrets]") {
        let after = end(rest)?;
        return match place {
            Place::Start => Err(LockFault::NoVersion),
            _ => Ok((Place::Secrets, after)),
        };
    }
    let Some((name, value)) = line.split_once('=') else {
        return Err(LockFault::Malformed(SECTION));
    };
    if name.trim_matches(SPACE) != "version" {
        return Err(LockFault::Malformed(SECTION));
    }
    if place == Place::AfterVersion {
        return Err(LockFault::Twice);
    }
    let (value, after) = value.split_at(value.find('#').unwrap_or(value.len()));
    let (value, after) = (value.trim_matches(SPACE), end(after)?);
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    match value {
        "1" => Ok((Place::AfterVersion, after)),
        _ if is_number && !value.starts_with('0') => {
            Err(LockFault::NewerVersion(value.parse().unwrap_or(u64::MAX)))
        }
        _ => Err(LockFault::Malformed("`version = 1` is expected")),
    }
}

/// Reads the line of a secret, with the comment after it.
fn read_secret(line: &str) -> Result<(String, LockedFields, Option<String>), LockFault> {
    if let Some(header) = line.strip_prefix('[') {
        let is_below = header.trim_matches(SPACE).starts_with("secrets");
        return Err(if is_below { LockFault::Table } else { LockFault::Malformed(NAME) });
    }
    let (name, rest) = match line.strip_prefix('"') {
        Some(inside) => read_string(inside)?,
        None => read_bare(line)?,
    };
    let rest = rest.trim_start_matches(SPACE);
    // `"a"."b" = ..` is a table too.
    if rest.starts_with('.') {
        return Err(LockFault::Table);
    }
    let value = rest.strip_prefix('=').ok_or(LockFault::Malformed(EQUALS))?;
    let value = value.trim_start_matches(SPACE);
    let (fields, rest) = if let Some(inside) = value.strip_prefix('[') {
        read_keys(inside)?
    } else if let Some(inside) = value.strip_prefix('"') {
        let (word, rest) = read_string(inside)?;
        match word.as_str() {
            "text" => (LockedFields::Text, rest),
            "binary" => (LockedFields::Binary, rest),
            _ => return Err(LockFault::Malformed(FIELDS)),
        }
    } else if value.starts_with('{') {
        return Err(LockFault::Table);
    } else {
        return Err(LockFault::Malformed(FIELDS));
    };
    Ok((name, fields, end(rest)?))
}

/// Reads the keys of a secret, after the bracket.
fn read_keys(inside: &str) -> Result<(LockedFields, &str), LockFault> {
    let malformed = LockFault::Malformed(FIELDS);
    let mut keys: Vec<String> = Vec::new();
    let mut rest = inside.trim_start_matches(SPACE);
    loop {
        if let Some(rest) = rest.strip_prefix(']') {
            if !keys.is_sorted() {
                keys.sort_unstable();
            }
            let is_twice = keys.windows(2).any(|pair| pair[0] == pair[1]);
            return if is_twice {
                Err(LockFault::Twice)
            } else {
                Ok((LockedFields::Keys(keys), rest))
            };
        }
        let inside = match rest.strip_prefix('"') {
            Some(inside) => inside,
            None if rest.starts_with('{') => return Err(LockFault::Table),
            None => return Err(malformed),
        };
        let (key, after) = read_string(inside)?;
        keys.push(key);
        let after = after.trim_start_matches(SPACE);
        rest = match after.strip_prefix(',') {
            Some(next) => next.trim_start_matches(SPACE),
            None if after.starts_with(']') => after,
            None => return Err(malformed),
        };
    }
}

/// Reads a name without quotes.
fn read_bare(line: &str) -> Result<(String, &str), LockFault> {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let end = line.find(|c| !is_bare(c)).unwrap_or(line.len());
    match line.split_at(end) {
        ("", _) => Err(LockFault::Malformed(NAME)),
        (name, rest) => Ok((String::from(name), rest)),
    }
}

/// Reads a text, after its first quote.
fn read_string(inside: &str) -> Result<(String, &str), LockFault> {
    let malformed = LockFault::Malformed(STRING);
    let end = inside.find(['"', '\\']).ok_or(malformed)?;
    let (plain, rest) = inside.split_at(end);
    let mut text = String::from(plain);
    let mut rest = rest;
    loop {
        if let Some(after) = rest.strip_prefix('"') {
            let is_forbidden = |c: char| c.is_ascii_control() && c != '\t';
            // A control character may stand in the text only as an escape.
            let written = inside.len() - rest.len();
            let is_bad = inside.get(..written).is_none_or(|raw| raw.contains(is_forbidden));
            return if is_bad { Err(malformed) } else { Ok((text, after)) };
        }
        let escape = rest.strip_prefix('\\').ok_or(malformed)?;
        let mut chars = escape.chars();
        let c = match chars.next().ok_or(malformed)? {
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'f' => '\u{C}',
            'r' => '\r',
            c @ ('"' | '\\') => c,
            c @ ('u' | 'U') => {
                let digits = if c == 'u' { 4 } else { 8 };
                let hex = chars.as_str().get(..digits).ok_or(malformed)?;
                if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return Err(malformed);
                }
                chars = chars.as_str().get(digits..).unwrap_or_default().chars();
                let code = u32::from_str_radix(hex, 16).map_err(|_| malformed)?;
                char::from_u32(code).ok_or(malformed)?
            }
            _ => return Err(malformed),
        };
        text.push(c);
        let after = chars.as_str();
        let end = after.find(['"', '\\']).ok_or(malformed)?;
        let (plain, next) = after.split_at(end);
        text.push_str(plain);
        rest = next;
    }
}

/// Checks that nothing but a comment follows, and returns it.
fn end(rest: &str) -> Result<Option<String>, LockFault> {
    let rest = rest.trim_start_matches(SPACE);
    match rest.starts_with('#') {
        true => Ok(Some(String::from(rest))),
        false if rest.is_empty() => Ok(None),
        false => Err(LockFault::Malformed(AFTER)),
    }
}
