use crate::core::secret_value::SecretValue;

/// The form of a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Null,
    Bool,
    Number,
    Text,
    List,
    Object,
}

impl Form {
    /// Returns the form of a value that starts like this text, or `None` if no JSON value starts like this.
    pub(super) fn of(text: &str) -> Option<Self> {
        match text.bytes().next()? {
            b'n' => Some(Self::Null),
            b't' | b'f' => Some(Self::Bool),
            b'-' | b'0'..=b'9' => Some(Self::Number),
            b'"' => Some(Self::Text),
            b'[' => Some(Self::List),
            b'{' => Some(Self::Object),
            _ => None,
        }
    }

    /// Returns the form of a value that may be JSON, or that of a text if it is not JSON.
    pub(crate) fn guess(value: &SecretValue) -> Self {
        // One byte is compared, and none is stored.
        let text = value.expose_str().unwrap_or_default();
        match Self::of(text.trim_start_matches(BLANK)) {
            Some(Self::Null) | None => Self::Text,
            Some(form) => form,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }
}

/// The white space of JSON.
pub(super) const BLANK: [char; 4] = [' ', '\t', '\n', '\r'];
