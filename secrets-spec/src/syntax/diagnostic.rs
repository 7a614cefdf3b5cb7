use alloc::string::String;
use core::ops::Range;

use crate::grammar::{flaw::Flaw, spec_error::SpecError};

/// One mistake: where, what, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic<S> {
    /// Where.
    pub at: S,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Whether what is wrong is the name of a variable or a path, rather than the source itself.
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
        Self::new(diagnostic.message, diagnostic.at, diagnostic.help).named(diagnostic.is_name)
    }
}
