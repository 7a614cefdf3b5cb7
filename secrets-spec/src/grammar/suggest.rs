//! Turns a flaw into the error that a person reads, with a suggestion ("did you mean ..").

use alloc::{format, string::String};

use crate::{
    grammar::{
        backend_type::{BuiltIn, check_type},
        flaw::{Flaw, FlawKind},
        region::check_region,
        role::check_role_arn,
        source_text::check_source,
        spec_error::SpecError,
        template::{Filter, Template},
        variable::{VariableName, check_env_var, check_variable, check_variable_name},
    },
    text::{
        edit_distance::closest,
        escape::{excerpt, is_printable, is_quote},
    },
};

impl Flaw {
    /// Returns the error for this flaw of `text`: what was found, where, and what to write instead.
    #[must_use]
    pub fn explain(self, text: &str) -> SpecError {
        let found = text.get(self.start..self.end).unwrap_or_default();
        // A flaw of the whole text needs no excerpt: the error points at the text.
        let message = if self.kind == FlawKind::EnvVarShape && !found.is_empty() {
            let word = if self.start == 0 && found != text { "starts with" } else { "holds" };
            format!(
                "`env_var` {word} `{}`, but its form is `^[A-Z_][A-Z0-9_]*$`",
                found.escape_debug()
            )
        } else if self.kind.is_reference() {
            format!("{}: {}", self.kind.message(), quoted_reference(text, self.start))
        } else if found.is_empty() || found == text || self.kind.is_long() {
            String::from(self.kind.message())
        } else {
            format!("{}: {}", self.kind.message(), excerpt(found))
        };
        let help = match suggestion(text, self) {
            Some(better) => format!("did you mean `{better}`? ({})", self.kind.help()),
            None => String::from(self.kind.help()),
        };
        SpecError::new(message, self.start..self.end, Some(help)).with_is_name(self.kind.is_name())
    }
}

/// Returns what to write instead of a text with this flaw, if that is known. The result is valid and can be printed
/// without escaping.
pub(crate) fn suggestion(text: &str, flaw: Flaw) -> Option<String> {
    use FlawKind as Kind;
    let tidy = clean_up(text);
    let (better, good) = match flaw.kind {
        Kind::TypeNearly => {
            let better = String::from(BuiltIn::near(text)?.name());
            (better, true)
        }
        Kind::PrefixNearly => {
            let (prefix, id) = (text.get(..flaw.end)?, text.get(flaw.end..)?);
            let name = BuiltIn::near(prefix)?.name();
            // If the id is wrong too, only the type can be suggested.
            let better = [tidy, format!("{name}{id}")]
                .into_iter()
                .find(|better| check_source(better).is_ok() && is_printable(better));
            (better.unwrap_or_else(|| String::from(name)), true)
        }
        Kind::TypeCharacter => {
            let better = tidy.to_ascii_lowercase().replace(['_', ' '], "-");
            let good = check_type(&better).is_none();
            (better, good)
        }
        Kind::RegionText => {
            let better = tidy.to_ascii_lowercase().replace('_', "-");
            let good = check_region(&better).is_none();
            (better, good)
        }
        Kind::NameCharacter
        | Kind::ArnParts
        | Kind::ArnCase
        | Kind::ArnPartition
        | Kind::ArnService
        | Kind::ArnRegion
        | Kind::ArnAccount
        | Kind::ArnResource
        | Kind::ArnName => {
            let better = lowercase_arn_prefix(tidy);
            let good = check_source(&better).is_ok();
            (better, good)
        }
        Kind::RoleArn
        | Kind::RoleService
        | Kind::RoleRegion
        | Kind::RoleAccount
        | Kind::RoleResource
        | Kind::RoleName => {
            let better = lowercase_arn_prefix(tidy);
            let good = check_role_arn(&better).is_none();
            (better, good)
        }
        Kind::EnvVarShape => {
            let better = VariableName::map(&tidy).to_ascii_uppercase();
            let good = check_env_var(&better).is_none();
            (better, good)
        }
        Kind::VariableCharacter => {
            let better = VariableName::map(&tidy);
            let good = check_variable(&better).is_none();
            (better, good)
        }
        Kind::VariableDigit => {
            let better = format!("_{text}");
            let good = check_variable_name(&better).is_none();
            (better, good)
        }
        Kind::ReferenceFilter | Kind::ReferenceSpace => {
            let better = suggest_reference(text.get(flaw.start..flaw.end)?)?;
            let good = Template::read(&better).is_ok();
            (better, good)
        }
        _ => return None,
    };
    (good && better != text && is_printable(&better)).then_some(better)
}

/// Removes quotes and spaces around the text, and replaces the dashes that web pages make of hyphens.
fn clean_up(text: &str) -> String {
    let bare = text.trim_matches(|c: char| c.is_whitespace() || is_quote(c));
    let is_dash = |c: char| matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}');
    bare.chars().map(|c| if is_dash(c) { '-' } else { c }).collect()
}

/// Lower-cases a leading `arn:`.
fn lowercase_arn_prefix(text: String) -> String {
    match text.get(..4) {
        Some(head) if head.eq_ignore_ascii_case("arn:") => format!("arn:{}", &text[4..]),
        _ => text,
    }
}

/// Quotes the reference that starts at this byte: its name and key, its filter, and its braces. Text of another shape
/// may be anything, also a value, so the quote ends where it starts.
fn quoted_reference(text: &str, start: usize) -> String {
    let rest = text.get(start..).unwrap_or_default();
    let skip = |from: usize, belongs: fn(char) -> bool| {
        let tail = rest.get(from..).unwrap_or_default();
        rest.len() - tail.trim_start_matches(belongs).len()
    };
    let is_of_word = |c: char| c.is_alphanumeric() || "_-./#".contains(c);
    let is_space = |c: char| c == ' ';
    let word = skip(skip(0, |c| c == '{'), is_space);
    let word_end = skip(word, is_of_word);
    let mut end = skip(word_end, is_space);
    if rest.get(end..).is_some_and(|tail| tail.starts_with('|')) {
        end = skip(skip(skip(end + 1, is_space), is_of_word), is_space);
    }
    match rest.get(end..) {
        Some(tail) if tail.starts_with("}}") => excerpt(&rest[..end + 2]),
        Some(tail) if tail.starts_with('}') => excerpt(&rest[..end + 1]),
        _ => excerpt(rest[..end].trim_end()),
    }
}

/// Corrects the white space of a reference, and replaces its filter by the nearest one that exists.
fn suggest_reference(found: &str) -> Option<String> {
    let inner = found.strip_prefix("{{")?.strip_suffix("}}")?;
    let (target, filter) = match inner.split_once('|') {
        Some((target, filter)) => (target, Some(closest(filter.trim(), Filter::NAMES)?)),
        None => (inner, None),
    };
    let (name, key) = target.split_once('.')?;
    let (name, key) = (name.trim(), key.trim());
    Some(match filter {
        Some(filter) => format!("{{{{{name}.{key} | {filter}}}}}"),
        None => format!("{{{{{name}.{key}}}}}"),
    })
}
