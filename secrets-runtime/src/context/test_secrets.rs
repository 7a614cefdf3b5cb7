use crate::{
    core::secret_value::SecretValue,
    payload::fields::{Field, Fields},
};

/// Secrets that a test supplies. Every step inside the test resolves from them.
#[derive(Debug, Default)]
pub(crate) struct TestSecrets {
    /// By group, in the order in which the test listed them.
    groups: Vec<(String, Vec<(String, SecretValue)>)>,
}

impl TestSecrets {
    pub(crate) fn add(&mut self, group: String, key: String, value: SecretValue) {
        let place = match self.groups.iter().position(|(known, _)| *known == group) {
            Some(place) => place,
            None => {
                self.groups.push((group, Vec::new()));
                self.groups.len() - 1
            }
        };
        let fields = &mut self.groups[place].1;
        match fields.iter_mut().find(|(known, _)| *known == key) {
            Some(field) => field.1 = value,
            None => fields.push((key, value)),
        }
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(|(group, _)| group.as_str())
    }

    pub(crate) fn fields(&self, group: &str) -> Option<Fields> {
        let (_, fields) = self.groups.iter().find(|(known, _)| known == group)?;
        Some(fields.iter().map(|(key, value)| (key.clone(), Field::text(value.clone()))).collect())
    }

    pub(crate) fn get(&self, group: &str, key: &str) -> Option<&SecretValue> {
        let (_, fields) = self.groups.iter().find(|(known, _)| known == group)?;
        fields.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }
}
