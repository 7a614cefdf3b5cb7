use alloc::{format, string::String};

use crate::{
    grammar::{
        arn::{is_account, looks_like_arn, split_arn},
        flaw::{Flaw, FlawKind},
        region::is_region,
        spec_error::SpecError,
    },
    text::bytes::{char_end, find_byte, matches_at},
};

/// How long the name of a parameter may be, its ARN's start included
/// (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>).
const MAX_BYTES: usize = 1011;

/// How many levels a path may have
/// (<https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-hierarchies.html>).
const MAX_LEVELS: usize = 15;

/// How long a label may be
/// (<https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-labels.html>).
const MAX_LABEL_BYTES: usize = 100;

/// Checks the id of a source of type `ssm`: a parameter's name or ARN, either with `:VERSION` or `:LABEL` after it, or
/// a path that ends in `/*`, which is all parameters directly below it.
///
/// ```
/// use secrets_spec::check_parameter;
///
/// const _: () = assert!(check_parameter("/prod/db/password:3").is_none());
/// assert!(check_parameter("/prod/db/*").is_none());
/// assert!(check_parameter("prod/db").is_some());
/// ```
#[must_use]
pub const fn check_parameter(id: &str) -> Option<Flaw> {
    let bytes = id.as_bytes();
    if bytes.len() > MAX_BYTES {
        return Some(
            Flaw::new(FlawKind::ParameterLong, MAX_BYTES, bytes.len()).at_char_boundary(bytes),
        );
    }
    let is_arn = looks_like_arn(bytes);
    let start = if is_arn {
        match parse_arn_head(bytes) {
            Ok(start) => start,
            Err(flaw) => return Some(flaw),
        }
    } else {
        0
    };
    let end = match find_byte(bytes, b':', start, bytes.len()) {
        Some(colon) => {
            if let Some(flaw) = check_selector_of_parameter(bytes, colon + 1) {
                return Some(flaw);
            }
            colon
        }
        None => bytes.len(),
    };
    let is_set = end == bytes.len() && end - start >= 2 && matches_at(bytes, end - 2, b"/*");
    if is_set && is_arn {
        return Some(Flaw::new(FlawKind::ParameterSetArn, end - 2, end));
    }
    check_path(bytes, start, if is_set { end - 2 } else { end }, is_arn, is_set)
}

/// Checks the name or the path `bytes[start..end]`. In an ARN the slash at its start belongs to `parameter/`.
const fn check_path(
    bytes: &[u8],
    start: usize,
    end: usize,
    is_arn: bool,
    is_set: bool,
) -> Option<Flaw> {
    if start == end {
        // `/*` is what is below the root.
        return if is_set { None } else { Some(Flaw::new(FlawKind::ParameterEmpty, start, end)) };
    }
    let is_rooted = bytes[start] == b'/';
    let (mut part, mut levels) = (if is_rooted { start + 1 } else { start }, 1);
    let mut i = part;
    while i <= end {
        if i == end || bytes[i] == b'/' {
            if i == part || (is_rooted && is_arn) {
                return Some(Flaw::new(FlawKind::ParameterPart, part, i));
            }
            if i < end && !is_rooted && !is_arn {
                return Some(Flaw::new(FlawKind::ParameterPath, start, start));
            }
            if i < end {
                levels += 1;
            }
            part = i + 1;
        } else if bytes[i] == b'*' {
            return Some(Flaw::new(FlawKind::ParameterStar, i, i + 1));
        } else if !is_name_byte(bytes[i]) {
            return Some(Flaw::new(FlawKind::ParameterCharacter, i, char_end(bytes, i)));
        }
        i += 1;
    }
    if is_set && !is_rooted {
        return Some(Flaw::new(FlawKind::ParameterPath, start, start));
    }
    if levels > MAX_LEVELS {
        return Some(Flaw::new(FlawKind::ParameterLevels, start, end));
    }
    None
}

const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

/// Checks `bytes[start..]`: a version, which is a number, or a label, which does not begin like one.
const fn check_selector_of_parameter(bytes: &[u8], start: usize) -> Option<Flaw> {
    let end = bytes.len();
    let wrong = Some(Flaw::new(FlawKind::ParameterSelector, start, end).at_char_boundary(bytes));
    if start == end {
        return wrong;
    }
    let is_number = bytes[start].is_ascii_digit();
    let is_zero = bytes[start] == b'0';
    let is_reserved = end - start >= 3
        && (matches_lower(bytes, start, b"aws") || matches_lower(bytes, start, b"ssm"));
    if is_zero || is_reserved || end - start > MAX_LABEL_BYTES {
        return wrong;
    }
    let mut i = start;
    while i < end {
        let is_good = if is_number { bytes[i].is_ascii_digit() } else { is_name_byte(bytes[i]) };
        if !is_good {
            return wrong;
        }
        i += 1;
    }
    None
}

/// Whether `bytes` has this word at `start`, in upper or lower case.
const fn matches_lower(bytes: &[u8], start: usize, word: &[u8]) -> bool {
    let mut i = 0;
    while i < word.len() {
        if start + i >= bytes.len() || !bytes[start + i].eq_ignore_ascii_case(&word[i]) {
            return false;
        }
        i += 1;
    }
    true
}

/// Checks an ARN up to the parameter's name, and returns where that begins.
const fn parse_arn_head(bytes: &[u8]) -> Result<usize, Flaw> {
    let layout = match split_arn(bytes, FlawKind::ParameterArn) {
        Ok(layout) => layout,
        Err(flaw) => return Err(flaw),
    };
    let service = layout.region - 1 - layout.service;
    if !(service == 3 && matches_at(bytes, layout.service, b"ssm")) {
        return Err(Flaw::new(FlawKind::ParameterArn, layout.service, layout.region - 1));
    }
    if !is_region(bytes, layout.region, layout.account - 1) {
        return Err(Flaw::new(FlawKind::ArnRegion, layout.region, layout.account - 1));
    }
    if !is_account(bytes, layout.account, layout.resource - 1) {
        return Err(Flaw::new(FlawKind::ArnAccount, layout.account, layout.resource - 1));
    }
    if !matches_at(bytes, layout.resource, b"parameter/") {
        return Err(Flaw::new(FlawKind::ParameterArn, layout.resource, bytes.len()));
    }
    Ok(layout.resource + 10)
}

/// Returns the id of the parameter that a request means: its group, or its key if it has no group. A group cannot begin with
/// a slash, so one that has a slash in it is the path that begins with it.
///
/// ```
/// use secrets_spec::parameter_of_request;
///
/// assert_eq!(parameter_of_request("prod/db", "password"), "/prod/db");
/// assert_eq!(parameter_of_request("", "token"), "token");
/// ```
#[must_use]
pub fn parameter_of_request(group: &str, key: &str) -> String {
    let is_path = group.contains('/') && !group.starts_with('/') && !group.starts_with("arn:");
    match (group, is_path) {
        ("", _) => String::from(key),
        (group, true) => format!("/{group}"),
        (group, false) => String::from(group),
    }
}

/// The id of a source of type `ssm`: one parameter, or the parameters below a path.
///
/// ```
/// use secrets_spec::ParameterId;
///
/// let one = ParameterId::parse("/prod/db/password:3")?;
/// assert_eq!((one.name(), one.selector(), one.set_path()), ("/prod/db/password", Some("3"), None));
/// let arn = ParameterId::parse("arn:aws:ssm:us-west-2:123456789012:parameter/prod/db")?;
/// assert_eq!((arn.region(), arn.resource()), (Some("us-west-2"), "prod/db"));
/// assert_eq!(ParameterId::parse("/prod/db/*")?.set_path(), Some("/prod/db"));
/// # Ok::<(), secrets_spec::SpecError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParameterId<'a> {
    text: &'a str,
    /// Where the name without an ARN's start begins.
    start: usize,
    /// Where the name ends and the selector begins, with its colon.
    end: usize,
}

impl<'a> ParameterId<'a> {
    /// Parses an id.
    ///
    /// # Errors
    /// If the text is not such an id.
    pub fn parse(text: &'a str) -> Result<Self, SpecError> {
        if let Some(flaw) = check_parameter(text) {
            return Err(flaw.explain(text));
        }
        let bytes = text.as_bytes();
        let start = if looks_like_arn(bytes) { parse_arn_head(bytes).unwrap_or(0) } else { 0 };
        let end = find_byte(bytes, b':', start, bytes.len()).unwrap_or(bytes.len());
        Ok(Self { text, start, end })
    }

    /// Returns the parameter's name or ARN, without the version or the label.
    #[must_use]
    pub fn name(&self) -> &'a str {
        &self.text[..self.end]
    }

    /// Returns the version or the label.
    #[must_use]
    pub fn selector(&self) -> Option<&'a str> {
        self.text[self.end..].strip_prefix(':')
    }

    /// Returns the path whose parameters are the set; `None` if it is one parameter. The root is `/`.
    #[must_use]
    pub fn set_path(&self) -> Option<&'a str> {
        match self.text.strip_suffix("/*")? {
            "" => Some("/"),
            path => Some(path),
        }
    }

    /// Returns what comes after `parameter/` in the ARN of the parameter, or of the path of a set.
    #[must_use]
    pub fn resource(&self) -> &'a str {
        let name = self.set_path().unwrap_or(&self.text[self.start..self.end]);
        name.strip_prefix('/').unwrap_or(name)
    }

    /// Whether it is an ARN.
    #[must_use]
    pub fn is_arn(&self) -> bool {
        self.start > 0
    }

    /// Returns the region of an ARN.
    #[must_use]
    pub fn region(&self) -> Option<&'a str> {
        if self.is_arn() { self.text.split(':').nth(3) } else { None }
    }
}
