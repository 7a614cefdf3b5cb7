use crate::{
    core::secret_value::SecretValue,
    mask::{masker::Masker, patterns::Patterns},
};

/// The fields for which the guard searches the result of a step.
pub(crate) struct GuardedFields {
    pub fields: Vec<GuardedField>,
    /// All forms of the fields. A pattern belongs to the field with its index.
    pub patterns: Patterns,
}

/// A field of a step's secrets.
pub(crate) struct GuardedField {
    pub group: Box<str>,
    pub key: Box<str>,
    /// The source or request as it is written.
    pub origin: Box<str>,
    pub backend: Box<str>,
    pub value: SecretValue,
}

impl GuardedFields {
    /// Returns a masker of the values of all fields.
    pub fn masker(&self) -> Masker {
        let masker = Masker::new();
        self.fields.iter().for_each(|field| masker.add(&field.value));
        masker
    }
}
