//! From a flaw to the error that a person reads. It stands above all parsers, whose grammar its suggestions obey.

use alloc::{format, string::String};

use crate::{Flaw, FlawKind, SpecError, flaw::excerpt, suggest::instead};

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
