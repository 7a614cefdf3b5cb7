use std::{collections::HashMap, path::Path, sync::Arc};

use foldhash::fast::RandomState;

use crate::{
    backend::content::MountOrigin,
    core::secret_value::SecretValue,
    payload::json::{Json, form::Form},
};

/// A field's value, and what it is.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub value: SecretValue,
    /// Whether it is binary. A binary value is base64 in a variable.
    pub binary: bool,
    /// What it is in the JSON of the payload: a text of digits is not a number.
    pub form: Option<Form>,
    mounted: Option<MountedField>,
}

/// What a platform has mounted.
#[derive(Debug, Clone)]
struct MountedField {
    /// The bytes, with the line break that the value has lost.
    bytes: SecretValue,
    path: Option<Arc<Path>>,
}

impl Field {
    pub(crate) fn text(value: SecretValue) -> Self {
        Self { binary: !value.is_text(), value, form: None, mounted: None }
    }

    pub(crate) fn binary(value: SecretValue) -> Self {
        Self { binary: true, ..Self::text(value) }
    }

    /// Takes the value for the bytes that a platform has mounted.
    ///
    /// A text of one line loses the line break at its end, which editors and `echo` add. In a text of several lines
    /// it belongs to the text: a PEM or an OpenSSH key without it is refused by some programs.
    pub(crate) fn into_mounted(self, mount: &MountOrigin) -> Self {
        let Self { value: bytes, binary, form, .. } = self;
        // Looked at for its line breaks.
        let line = bytes.expose_str().ok().and_then(one_line).map(SecretValue::from);
        let value = line.unwrap_or_else(|| bytes.clone());
        let path = mount.path.as_deref().map(Arc::from);
        Self { value, binary, form, mounted: Some(MountedField { bytes, path }) }
    }

    /// Returns the content of a file with this field: the bytes as they are mounted, or else the value.
    pub(crate) fn file_content(&self) -> &SecretValue {
        self.mounted.as_ref().map_or(&self.value, |mounted| &mounted.bytes)
    }

    /// Returns the file that a platform has mounted with this field.
    pub(crate) fn mounted_path(&self) -> Option<&Arc<Path>> {
        self.mounted.as_ref()?.path.as_ref()
    }
}

impl From<Json> for Field {
    /// Creates the field of a member of a JSON object.
    fn from(json: Json) -> Self {
        Self { form: Some(json.form), ..Self::text(json.value) }
    }
}

/// Returns a text of one line without the line break at its end; `None` if it has none there, or several lines.
fn one_line(text: &str) -> Option<&str> {
    let line = text.strip_suffix('\n')?;
    let line = line.strip_suffix('\r').unwrap_or(line);
    (!line.contains('\n')).then_some(line)
}

/// Up to so many short texts a comparison is faster than a hash.
const FEW: usize = 4;

/// The fields of one secret, in the order of the payload.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    fields: Vec<(Box<str>, Field)>,
    /// The places of the fields, if there are more than a few.
    index: HashMap<Box<str>, usize, RandomState>,
    is_plain: bool,
}

impl Fields {
    /// Creates the only field of a secret that is one plain value.
    pub(crate) fn plain(name: String, field: Field) -> Self {
        Self { is_plain: true, ..Self::from_iter([(name, field)]) }
    }

    /// Returns the name and the field of a secret that is one plain value; `None` for a set.
    pub(crate) fn as_plain(&self) -> Option<(&str, &Field)> {
        self.iter().next().filter(|_| self.is_plain)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Field> {
        let fields = &self.fields;
        if fields.len() <= FEW {
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
        let named = |(name, field): (String, Field)| (name.into_boxed_str(), field);
        let fields: Vec<_> = fields.into_iter().map(named).collect();
        let mut index = HashMap::default();
        if fields.len() > FEW {
            let places = fields.iter().enumerate();
            index.extend(places.map(|(place, (name, _))| (name.clone(), place)));
        }
        Self { fields, index, is_plain: false }
    }
}
