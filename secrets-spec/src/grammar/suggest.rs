//! "Did you mean": the text that somebody probably wanted to write.

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
        variable::{Variable, check_env_var, check_variable, check_variable_name},
    },
    text::{
        edit_distance::closest,
        escape::{excerpt, is_printable, is_quote},
    },
};

impl Flaw {
    /// The error that says so of `text`: what was found, where, and what to write.
    #[must_use]
    pub fn explain(self, text: &str) -> SpecError {
        let found = text.get(self.start..self.end).unwrap_or_default();
        // The whole text stands where the error points anyway.
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
        let help = match instead(text, self) {
            Some(better) => format!("did you mean `{better}`? ({})", self.kind.help()),
            None => String::from(self.kind.help()),
        };
        SpecError::new(message, self.start..self.end, Some(help)).named(self.kind.is_name())
    }
}

/// What to write instead of a text with this flaw, where that can be told. What comes out has no flaw and can be
/// printed as it is.
pub(crate) fn instead(text: &str, flaw: Flaw) -> Option<String> {
    use FlawKind as Kind;
    let tidy = tidy(text);
    let (better, good) = match flaw.kind {
        Kind::TypeNearly => {
            let better = String::from(BuiltIn::near(text)?.name());
            (better, true)
        }
        Kind::PrefixNearly => {
            let (prefix, id) = (text.get(..flaw.end)?, text.get(flaw.end..)?);
            let name = BuiltIn::near(prefix)?.name();
            // Where the id is wrong too, the type alone is what can be told.
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
            let better = lower_arn(tidy);
            let good = check_source(&better).is_ok();
            (better, good)
        }
        Kind::RoleArn
        | Kind::RoleService
        | Kind::RoleRegion
        | Kind::RoleAccount
        | Kind::RoleResource
        | Kind::RoleName => {
            let better = lower_arn(tidy);
            let good = check_role_arn(&better).is_none();
            (better, good)
        }
        Kind::EnvVarShape => {
            let better = Variable::map(&tidy).to_ascii_uppercase();
            let good = check_env_var(&better).is_none();
            (better, good)
        }
        Kind::VariableCharacter => {
            let better = Variable::map(&tidy);
            let good = check_variable(&better).is_none();
            (better, good)
        }
        Kind::VariableDigit => {
            let better = format!("_{text}");
            let good = check_variable_name(&better).is_none();
            (better, good)
        }
        Kind::ReferenceFilter | Kind::ReferenceSpace => {
            let better = reference(text.get(flaw.start..flaw.end)?)?;
            let good = Template::read(&better).is_ok();
            (better, good)
        }
        _ => return None,
    };
    (good && better != text && is_printable(&better)).then_some(better)
}

/// The text without the quotes and spaces around it, and with the hyphens that a web page made into dashes.
fn tidy(text: &str) -> String {
    let bare = text.trim_matches(|c: char| c.is_whitespace() || is_quote(c));
    let is_dash = |c: char| matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}');
    bare.chars().map(|c| if is_dash(c) { '-' } else { c }).collect()
}

fn lower_arn(text: String) -> String {
    match text.get(..4) {
        Some(head) if head.eq_ignore_ascii_case("arn:") => format!("arn:{}", &text[4..]),
        _ => text,
    }
}

/// A reference with its white space where it belongs, and with the filter that is nearest to what is written.
fn reference(found: &str) -> Option<String> {
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
