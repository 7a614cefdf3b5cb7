use crate::{backend::Fetched, core::secret_value::SecretValue};

/// The content of a secret that is written to a store.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Payload {
    /// The text of a JSON object: a set of fields.
    Json(SecretValue),
    /// One plain text.
    Text(SecretValue),
    /// Bytes.
    Binary(SecretValue),
}

impl Payload {
    /// The value.
    #[must_use]
    pub fn value(&self) -> &SecretValue {
        match self {
            Self::Json(value) | Self::Text(value) | Self::Binary(value) => value,
        }
    }
}

impl From<Payload> for Fetched {
    fn from(payload: Payload) -> Self {
        match payload {
            Payload::Json(value) => Self::json(value),
            Payload::Text(value) => Self::text(value),
            Payload::Binary(value) => Self::binary(value),
        }
    }
}
