use alloc::string::String;
use core::ops::Range;

use crate::grammar::{flaw::Flaw, spec_error::SpecError};

/// A mistake in a declaration: where it is, what is wrong, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic<S> {
    /// The position.
    pub at: S,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Whether the mistake is in a variable name or a path, rather than in the source itself.
    pub is_name: bool,
}

impl<S> Diagnostic<S> {
    pub(crate) fn new(at: S, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { at, message: message.into(), help: Some(help.into()), is_name: false }
    }

    /// Returns the diagnostic for a flaw of `text`.
    pub(crate) fn from_flaw(at: S, flaw: Flaw, text: &str) -> Self {
        let error = flaw.explain(text);
        Self {
            at,
            message: String::from(error.message()),
            help: error.help().map(String::from),
            is_name: error.is_name(),
        }
    }
}

impl From<Diagnostic<Range<usize>>> for SpecError {
    fn from(diagnostic: Diagnostic<Range<usize>>) -> Self {
        Self::new(diagnostic.message, diagnostic.at, diagnostic.help)
            .with_is_name(diagnostic.is_name)
    }
}
