//! Turns a flaw into the error that a person reads, with a suggestion ("did you mean ..").

use alloc::{format, string::String};

use crate::{
    grammar::{
        backend_type::{BuiltIn, check_type},
        delimiters::Delimiters,
        flaw::{Flaw, FlawKind},
        id::check_id,
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
        if self.kind.is_reference() {
            return self.explain_reference(text, &Delimiters::default());
        }
        let found = text.get(self.start..self.end).unwrap_or_default();
        // A flaw of the whole text needs no excerpt: the error points at the text.
        let message = if self.kind == FlawKind::EnvVarShape && !found.is_empty() {
            let word = if self.start == 0 && found != text { "starts with" } else { "holds" };
            format!(
                "`env_var` {word} `{}`, but its form is `^[A-Z_][A-Z0-9_]*$`",
                found.escape_debug()
            )
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

    /// Returns the error for this flaw of a template. It quotes the reference only as far as it reads like one, since
    /// the text after it may be anything.
    pub(crate) fn explain_reference(self, text: &str, delimiters: &Delimiters) -> SpecError {
        let found = text.get(self.start..).unwrap_or_default();
        let quoted = reference_excerpt(found, delimiters);
        let message = match quoted.is_empty() {
            true => String::from(self.kind.message()),
            false => format!("{}: {}", self.kind.message(), excerpt(quoted)),
        };
        let general = delimiters.applied_to(self.kind.help());
        let name = quoted.strip_prefix(delimiters.open()).unwrap_or_default();
        let name = name.strip_suffix(delimiters.close()).unwrap_or_default().trim();
        let inner = text.get(self.start..self.end).unwrap_or_default();
        let help = match suggest_reference(inner, self.kind, delimiters) {
            Some(better) => format!("did you mean `{better}`? ({general})"),
            // A plain value has one field, which is named after it.
            None if self.kind == FlawKind::ReferenceDot && !name.is_empty() => {
                let field = VariableName::map(name);
                let plain = delimiters.applied_to(&format!("{{{{{name}.{field}}}}}"));
                format!("the value of a plain secret is {plain}; otherwise {general}")
            }
            None => general,
        };
        SpecError::new(message, self.start..self.end, Some(help))
    }
}

/// Returns the start of a text that begins with an opening delimiter, as far as it reads like a reference: one word,
/// and a filter after it.
fn reference_excerpt<'a>(text: &'a str, delimiters: &Delimiters) -> &'a str {
    const BLANK: [char; 2] = [' ', '\t'];
    let is_part = |c: char| c.is_alphanumeric() || "._/+=@-#".contains(c);
    let Some(inner) = text.strip_prefix(delimiters.open()) else { return "" };
    let word = inner.trim_start_matches(BLANK).trim_start_matches(is_part);
    let mut end = word;
    if let Some(filter) = word.trim_start_matches(BLANK).strip_prefix('|') {
        end = filter.trim_start_matches(BLANK).trim_start_matches(is_part);
    }
    end = end.trim_start_matches(BLANK).strip_prefix(delimiters.close()).unwrap_or(end);
    text.get(..text.len() - end.len()).unwrap_or_default()
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
        Kind::VaultPathSlash | Kind::VaultPathApi | Kind::VaultPathData => {
            let better = suggest_vault_path(&tidy);
            let id = better.strip_prefix(VAULT_PREFIX).unwrap_or(&better);
            let good = check_id(Some(BuiltIn::Vault.name()), id).is_none();
            (better, good)
        }
        Kind::ParameterPath => {
            let (prefix, path) = match tidy.strip_prefix(PARAMETER_PREFIX) {
                Some(path) => (PARAMETER_PREFIX, path),
                None => ("", tidy.as_str()),
            };
            let path = format!("/{path}");
            let good = check_id(Some(BuiltIn::Ssm.name()), &path).is_none();
            (format!("{prefix}{path}"), good)
        }
        Kind::ParameterUntyped => {
            let better = format!("{PARAMETER_PREFIX}{}", lowercase_arn_prefix(tidy));
            let good = check_source(&better).is_ok();
            (better, good)
        }
        Kind::FormatText => {
            let better = String::from(closest(&tidy, ["json", "dotenv", "text"])?);
            (better, true)
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

/// What a source begins with that is one text with the type `ssm`.
const PARAMETER_PREFIX: &str = "ssm.";

/// What a source begins with that is one text with the type `vault`.
const VAULT_PREFIX: &str = "vault.";

/// Removes from a path in Vault what the API adds. The text may begin with the type.
fn suggest_vault_path(text: &str) -> String {
    let (prefix, path) = match text.strip_prefix(VAULT_PREFIX) {
        Some(path) => (VAULT_PREFIX, path),
        None => ("", text),
    };
    let path = path.trim_start_matches('/');
    let path = path.strip_prefix("v1/").unwrap_or(path);
    match path.split_once('/') {
        Some((mount, rest)) => {
            format!("{prefix}{mount}/{}", rest.strip_prefix("data/").unwrap_or(rest))
        }
        None => format!("{prefix}{path}"),
    }
}

/// Lower-cases a leading `arn:`.
fn lowercase_arn_prefix(text: String) -> String {
    match text.get(..4) {
        Some(head) if head.eq_ignore_ascii_case("arn:") => {
            format!("arn:{}", text.get(4..).unwrap_or_default())
        }
        _ => text,
    }
}

/// Corrects the white space of a reference, and replaces its filter by the nearest one that exists. Returns the
/// result if it is a reference that can be printed without escaping.
fn suggest_reference(found: &str, kind: FlawKind, delimiters: &Delimiters) -> Option<String> {
    if !matches!(kind, FlawKind::ReferenceFilter | FlawKind::ReferenceSpace) {
        return None;
    }
    let (open, close) = (delimiters.open(), delimiters.close());
    let inner = found.strip_prefix(open)?.strip_suffix(close)?;
    let (target, filter) = match inner.split_once('|') {
        Some((target, filter)) => (target, Some(closest(filter.trim(), Filter::NAMES)?)),
        None => (inner, None),
    };
    let (name, key) = target.split_once('.')?;
    let (name, key) = (name.trim(), key.trim());
    let better = match filter {
        Some(filter) => format!("{open}{name}.{key} | {filter}{close}"),
        None => format!("{open}{name}.{key}{close}"),
    };
    let good = Template::read(&better, delimiters).is_ok() && is_printable(&better);
    (good && better != found).then_some(better)
}
