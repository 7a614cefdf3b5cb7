use alloc::string::String;
use core::{fmt, ops::Range};

/// Why a text does not parse: what is wrong, which bytes are, and what to write instead.
///
/// It shows names only, never a value: the grammar has no values but those of `inline`, and those it does
/// not quote.
///
/// ```
/// let error = secrets_spec::Source::parse("prod db").unwrap_err();
/// assert_eq!(error.range(), 4..5);
/// assert!(error.help().is_some_and(|help| help.contains("1 to 512")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecError {
    message: String,
    range: Range<usize>,
    help: Option<String>,
    is_name: bool,
}

impl SpecError {
    pub(crate) fn new(
        message: impl Into<String>,
        range: Range<usize>,
        help: Option<String>,
    ) -> Self {
        Self { message: message.into(), range, help, is_name: false }
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The bytes of the text that are wrong; empty where something is missing.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// What to write instead.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Whether what is wrong is the name of a variable, or a path that leads out, rather than a source.
    #[must_use]
    pub fn is_name(&self) -> bool {
        self.is_name
    }

    pub(crate) fn named(mut self, is_name: bool) -> Self {
        self.is_name = is_name;
        self
    }

    /// The same error, of other bytes.
    pub(crate) fn at(mut self, range: Range<usize>) -> Self {
        self.range = range;
        self
    }

    /// The same error in a longer text, in which this one starts at byte `offset`.
    pub(crate) fn shifted(mut self, offset: usize) -> Self {
        self.range = self.range.start + offset..self.range.end + offset;
        self
    }
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for SpecError {}
