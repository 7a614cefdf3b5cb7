use std::{
    error::Error as StdError,
    fmt::{self, Debug, Display},
    ptr,
};

use crate::private::guard::{
    inspection::{Incompleteness, Inspection},
    output_path::{OutputPath, PathPart},
};

/// How many errors of a chain are looked at. A chain may be a circle.
const MAX_CHAIN: usize = 128;

/// What the type of an error has, as it is seen where the step is written.
#[derive(Default)]
pub struct ErrorParts<'e> {
    /// Its `Display`.
    pub display: Option<&'e dyn Display>,
    /// Its `Debug`.
    pub debug: Option<&'e dyn Debug>,
    /// The error that caused it.
    pub source: Option<&'e (dyn StdError + 'static)>,
}

impl Inspection<'_> {
    /// Looks through an error that a step returns.
    pub fn look_at_error(&mut self, parts: &ErrorParts<'_>) {
        parts.inspect(self);
    }
}

impl ErrorParts<'_> {
    /// Looks through the error and everything that caused it.
    fn inspect(&self, inspection: &mut Inspection<'_>) {
        let chain = std::iter::successors(self.source, |error| {
            let error: &(dyn StdError + 'static) = *error;
            error.source()
        });
        let mut sources: Vec<_> = chain.take(MAX_CHAIN + 1).collect();
        if sources.len() > MAX_CHAIN {
            sources.truncate(MAX_CHAIN);
            if !is_circle(&sources) {
                inspection.miss(Incompleteness::LongChain);
            }
        }
        let first = OutputPath::root(PathPart::Error);
        if let Some(display) = self.display {
            inspection.look_at_text(&first, display);
        }
        let source = |index| OutputPath::root(PathPart::Source(index));
        for (index, error) in sources.iter().enumerate() {
            inspection.look_at_text(&source(index), error);
        }
        // The `Debug` of an error often contains its sources. So the innermost ones come first, and what is found
        // again is not reported again.
        for (index, error) in sources.iter().enumerate().rev() {
            inspection.look_at_new(&source(index), &format_args!("{error:?}"));
        }
        if let Some(debug) = self.debug {
            inspection.look_at_new(&first, &format_args!("{debug:?}"));
        }
        if inspection.reports_error() {
            inspection.keep_error_text(&ErrorText(self, &sources));
        }
    }
}

/// Whether an error comes twice in a chain. What follows comes again too.
fn is_circle(sources: &[&(dyn StdError + 'static)]) -> bool {
    sources.last().is_some_and(|last| sources.iter().rev().skip(1).any(|it| ptr::eq(*it, *last)))
}

/// An error and what caused it, in one line. It may contain secrets.
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
