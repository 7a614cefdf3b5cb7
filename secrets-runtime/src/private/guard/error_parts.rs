use std::{
    error::Error as StdError,
    fmt::{self, Debug, Display},
    ptr,
};

use crate::private::guard::{
    output_path::{OutputPath, PathPart},
    search::{Incompleteness, LeakSearch},
};

/// How many errors of a chain are searched. A chain may be a circle.
const MAX_CHAIN: usize = 128;

/// The texts and the source of an error, as far as its type has them.
#[derive(Default)]
pub struct ErrorParts<'e> {
    /// Its `Display`.
    pub display: Option<&'e dyn Display>,
    /// Its `Debug`.
    pub debug: Option<&'e dyn Debug>,
    /// The error that caused it.
    pub source: Option<&'e (dyn StdError + 'static)>,
}

impl LeakSearch<'_> {
    /// Searches an error that a step returns.
    pub fn search_error(&mut self, parts: &ErrorParts<'_>) {
        parts.search(self);
    }
}

impl ErrorParts<'_> {
    /// Searches the error and everything that caused it.
    fn search(&self, search: &mut LeakSearch<'_>) {
        let chain = std::iter::successors(self.source, |error| {
            let error: &(dyn StdError + 'static) = *error;
            error.source()
        });
        let mut sources: Vec<_> = chain.take(MAX_CHAIN + 1).collect();
        if sources.len() > MAX_CHAIN {
            sources.truncate(MAX_CHAIN);
            if !is_circle(&sources) {
                search.note_incomplete(Incompleteness::LongChain);
            }
        }
        let first = OutputPath::root(PathPart::Error);
        if let Some(display) = self.display {
            search.search_text(&first, display);
        }
        let source = |index| OutputPath::root(PathPart::Source(index));
        for (index, error) in sources.iter().enumerate() {
            search.search_text(&source(index), error);
        }
        // The `Debug` of an error often contains its sources. So the innermost ones come first, and the same secret is
        // not reported again.
        for (index, error) in sources.iter().enumerate().rev() {
            search.search_text_for_others(&source(index), &format_args!("{error:?}"));
        }
        if let Some(debug) = self.debug {
            search.search_text_for_others(&first, &format_args!("{debug:?}"));
        }
        if search.reports_error() {
            search.keep_error_text(&ErrorText(self, &sources));
        }
    }
}

/// Whether an error comes twice in a chain. The errors after it come again too.
fn is_circle(sources: &[&(dyn StdError + 'static)]) -> bool {
    sources.last().is_some_and(|last| sources.iter().rev().skip(1).any(|it| ptr::eq(*it, *last)))
}

/// An error and its sources, in one line. It may contain secrets.
struct ErrorText<'t>(&'t ErrorParts<'t>, &'t [&'t (dyn StdError + 'static)]);

impl Display for ErrorText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.display, self.0.debug) {
            (Some(display), _) => write!(f, "{display}")?,
            (None, Some(debug)) => write!(f, "{debug:?}")?,
            (None, None) => {}
        }
        self.1.iter().try_for_each(|error| write!(f, ": {error}"))
    }
}
