use crate::core::secret_value::SecretValue;

/// What a JSON value is written as.
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
    /// What a text that starts like this would be; `None` if no JSON value starts like this.
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

    /// What a value that may be JSON would be; a text, if it is none.
    pub(crate) fn guess(value: &SecretValue) -> Self {
        // One byte is looked at, and none kept.
        let text = value.expose_str().unwrap_or_default();
        match Self::of(text.trim_start_matches(BLANK)) {
            Some(Self::Null) | None => Self::Text,
            Some(form) => form,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
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

/// What may be around a JSON value.
pub(super) const BLANK: [char; 4] = [' ', '\t', '\n', '\r'];
