/// One reference of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    pub(super) name: String,
    pub(super) key: String,
    pub(super) place: String,
}

impl Reference {
    /// Returns the secret's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the name of the field.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the path of the reference in the configuration: `database.servers[0].url`.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }
}
