use alloc::string::String;

use crate::{
    grammar::{
        arn::looks_like_arn,
        backend_type::BuiltIn,
        flaw::{Flaw, FlawKind},
        id::{check_id_of_type, check_untyped_id},
    },
    text::{bytes::find_byte, escape::excerpt},
};

/// What a source's text says: the built-in type before its first dot, if any, and where the id starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceLayout {
    /// The type before the first dot.
    pub built_in: Option<BuiltIn>,
    /// The byte at which the id starts.
    pub id: usize,
}

/// Checks a source that is one text: `name`, `type.id` with a built-in type, or the ARN of a secret.
///
/// # Errors
/// A [`Flaw`] if it is none of them.
pub const fn check_source(text: &str) -> Result<SourceLayout, Flaw> {
    let bytes = text.as_bytes();
    if !looks_like_arn(bytes)
        && let Some(dot) = find_byte(bytes, b'.', 0, bytes.len())
        && dot > 0
    {
        if let Some(built_in) = BuiltIn::parse_bytes(bytes, dot) {
            let (_, id) = bytes.split_at(dot + 1);
            let Ok(id) = core::str::from_utf8(id) else {
                return Err(Flaw::new(FlawKind::NameCharacter, dot, bytes.len()));
            };
            if let Some(flaw) = check_id_of_type(Some(built_in), id) {
                return Err(flaw.shifted(dot + 1));
            }
            // Its values stand in its options, and a text has none.
            if matches!(built_in, BuiltIn::Inline) {
                return Err(Flaw::new(FlawKind::InlineText, 0, bytes.len()));
            }
            return Ok(SourceLayout { built_in: Some(built_in), id: dot + 1 });
        }
        if BuiltIn::near_bytes(bytes, dot).is_some() {
            return Err(Flaw::new(FlawKind::PrefixNearly, 0, dot));
        }
    }
    match check_untyped_id(text) {
        Some(flaw) => Err(flaw),
        None => Ok(SourceLayout { built_in: None, id: 0 }),
    }
}

/// A word in its quotes, if it is a source that may be shown: what somebody wrote where a source stands need not be
/// one. A whole JSON text with the values of `inline` in it is none, and `A=b` looks like a value under its name.
pub(crate) fn quoted_source(word: &str) -> Option<String> {
    let belongs = |c: char| c.is_ascii_alphanumeric() || "_-.+/@:".contains(c);
    let good = word.chars().all(belongs) && check_source(word).is_ok();
    good.then(|| excerpt(word))
}
