use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::core::secret_value::SecretValue;

/// A field's value, and whether it is binary. A binary value is base64 in a variable.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub value: SecretValue,
    pub binary: bool,
}

impl Field {
    pub(crate) fn text(value: SecretValue) -> Self {
        Self { binary: !value.is_text(), value }
    }

    pub(crate) fn binary(value: SecretValue) -> Self {
        Self { value, binary: true }
    }
}

/// The fields of one secret, in the order of the payload.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    fields: Vec<(Box<str>, Field)>,
    index: HashMap<Box<str>, usize, RandomState>,
}

impl Fields {
    pub(crate) fn get(&self, key: &str) -> Option<&Field> {
        let fields = &self.fields;
        // For few short texts a comparison is faster than a hash.
        if fields.len() <= 4 {
            return fields.iter().find(|(name, _)| &**name == key).map(|(_, field)| field);
        }
        self.index.get(key).map(|place| &fields[*place].1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.fields.iter().map(|(name, field)| (&**name, field))
    }

    /// Returns whether this is one text that looks like a JSON object but was not read as JSON.
    pub(crate) fn look_like_json(&self) -> bool {
        // Only the first byte is read, for a hint that does not show it.
        match self.fields.as_slice() {
            [(_, one)] => one.value.expose_bytes().first() == Some(&b'{'),
            _ => false,
        }
    }

    /// Returns the names for a message: in backquotes, separated by commas.
    pub(crate) fn names(&self) -> String {
        crate::core::escape::backquoted_list(self.fields.iter().map(|(name, _)| &**name))
    }
}

impl FromIterator<(String, Field)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, Field)>>(fields: I) -> Self {
        let mut made = Self::default();
        for (name, field) in fields {
            let name = name.into_boxed_str();
            made.index.insert(name.clone(), made.fields.len());
            made.fields.push((name, field));
        }
        made
    }
}
