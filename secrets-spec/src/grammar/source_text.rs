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

/// The layout of a source that is one text: the built-in type before its first dot, if any, and where the id starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceLayout {
    /// The built-in type before the first dot.
    pub built_in: Option<BuiltIn>,
    /// The index at which the id starts.
    pub id: usize,
}

/// Checks a source that is one text: `name`, `type.id` with a built-in type, or the ARN of a secret.
///
/// # Errors
/// If the text has none of these forms.
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
            // The values of `inline` are in its options, which a text cannot have.
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

/// Returns the word in quotes, if it is a source and can safely be quoted in an error. Text in the position of a
/// source may contain secret values: a whole JSON text with `env_vars`, or `NAME=value`, for which this returns
/// `None`.
pub(crate) fn quoted_source(word: &str) -> Option<String> {
    let belongs = |c: char| c.is_ascii_alphanumeric() || "_-.+/@:".contains(c);
    let good = word.chars().all(belongs) && check_source(word).is_ok();
    good.then(|| excerpt(word))
}
