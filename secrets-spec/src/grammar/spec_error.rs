use alloc::string::String;
use core::{fmt, ops::Range};

/// An error of parsing: what is wrong, which bytes are wrong, and what to write instead.
///
/// It quotes names but never a value. The only values in the grammar are those of `inline` sources, and no error
/// quotes them.
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

    /// Returns what is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the range of the wrong bytes; empty if something is missing there.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// Returns what to write instead.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Whether the error is about a variable name or a path that escapes its folder, rather than about a source.
    #[must_use]
    pub fn is_name(&self) -> bool {
        self.is_name
    }

    pub(crate) fn with_is_name(mut self, is_name: bool) -> Self {
        self.is_name = is_name;
        self
    }

    /// Shifts the range for a longer text, in which the parsed text starts at byte `offset`.
    #[must_use]
    pub fn shifted(mut self, offset: usize) -> Self {
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
