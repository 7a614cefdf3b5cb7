use crate::core::secret_value::SecretValue;

/// One field of a [`StoredSecret`](crate::admin::StoredSecret).
#[derive(Debug, Clone)]
pub struct StoredField {
    pub(super) key: String,
    pub(super) value: SecretValue,
    pub(super) is_binary: bool,
    pub(super) is_text: bool,
}

impl StoredField {
    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the value, as a step gets it.
    #[must_use]
    pub fn value(&self) -> &SecretValue {
        &self.value
    }

    /// Returns whether the value is binary. Binary values are base64 wherever they are written as text.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        self.is_binary
    }

    /// Returns whether the value is a text, and not the JSON of a number, a boolean, a list or an object.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.is_text
    }
}
