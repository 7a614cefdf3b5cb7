use alloc::string::String;

use crate::grammar::{
    flaw::{Flaw, FlawKind},
    spec_error::SpecError,
};

/// The longest delimiter, in bytes.
const MAX_BYTES: usize = 8;

/// The two texts around a reference: `{{` and `}}`, or others for a text in which another tool uses these.
///
/// ```
/// use secrets_spec::{Delimiters, Template};
///
/// let delimiters = Delimiters::parse("<% %>")?;
/// let template = Template::parse_with("<% db.user %> {{ .Values.x }}", &delimiters)?;
/// assert_eq!(template.references().collect::<Vec<_>>(), [("db", "user")]);
/// # Ok::<(), secrets_spec::SpecError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Delimiters {
    open: String,
    close: String,
}

impl Default for Delimiters {
    fn default() -> Self {
        Self { open: String::from("{{"), close: String::from("}}") }
    }
}

impl Delimiters {
    /// Parses two delimiters with a space between them: `<% %>`.
    ///
    /// # Errors
    /// If there are not two, or if one of them is longer than 8 bytes or has a character that a reference needs.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        let mut words = text.split_whitespace();
        let (Some(open), Some(close), None) = (words.next(), words.next(), words.next()) else {
            return Err(Flaw::new(FlawKind::DelimitersCount, 0, text.len()).explain(text));
        };
        let is_sign = |c: char| c.is_ascii_punctuation() && !matches!(c, '.' | '/' | '\\' | '|');
        let is_good = |word: &str| word.len() <= MAX_BYTES && word.chars().all(is_sign);
        if !is_good(open) || !is_good(close) {
            return Err(Flaw::new(FlawKind::DelimitersText, 0, text.len()).explain(text));
        }
        Ok(Self { open: String::from(open), close: String::from(close) })
    }

    /// Returns the delimiter before a reference.
    #[must_use]
    pub fn open(&self) -> &str {
        &self.open
    }

    /// Returns the delimiter after a reference.
    #[must_use]
    pub fn close(&self) -> &str {
        &self.close
    }

    /// Returns a text about `{{` and `}}` with these delimiters in their place.
    #[must_use]
    pub fn applied_to(&self, text: &str) -> String {
        // The second replacement must not find what the first one wrote.
        let around = |text: &str| text.replace("}}", &self.close);
        let pieces: alloc::vec::Vec<String> = text.split("{{").map(around).collect();
        pieces.join(&self.open)
    }
}
