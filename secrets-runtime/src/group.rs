//! What a step can read, by group.

use secrets_spec::Request;

use crate::{
    Problem,
    fields::{Field, Fields},
};

/// What is readable under one group.
#[derive(Default)]
pub(crate) struct Group {
    pub source: Option<SourceFields>,
    pub requests: Vec<Requested>,
}

/// A source that was fetched.
pub(crate) struct SourceFields {
    pub origin: String,
    pub backend: String,
    pub fields: Fields,
    /// The names are variables already (`inline`), and are not mapped.
    pub verbatim: bool,
    /// Why it has no fields, if it was not required and is not there.
    pub absent: Option<Problem>,
}

impl SourceFields {
    /// Whether it is one text that may be a JSON object which was not read as one.
    pub(crate) fn looks_like_json(&self) -> bool {
        let mut fields = self.fields.iter();
        // Its first letter is looked at, for a hint that does not show it.
        match (fields.next(), fields.next()) {
            (Some((_, one)), None) => one.value.expose_bytes().first() == Some(&b'{'),
            _ => false,
        }
    }
}

/// A request that was answered.
pub(crate) struct Requested {
    pub request: Request,
    pub backend: String,
    pub field: Field,
    /// The variable it is also given as.
    pub variable: Option<String>,
}

impl Group {
    /// The field that `get(group, key)` reads.
    pub(crate) fn find(&self, key: &str) -> Option<&Field> {
        if let Some(field) = self.source.as_ref().and_then(|source| source.fields.get(key)) {
            return Some(field);
        }
        let mut matching = self.requests.iter().filter(|r| r.request.view().key == key);
        let first = matching.next()?;
        let rest: Vec<_> = matching.collect();
        if rest.is_empty() {
            return Some(&first.field);
        }
        // Of several versions, the one without a version is what `get` means.
        let mut all = std::iter::once(first).chain(rest);
        all.find(|r| r.request.view().group_version.is_none()).map(|r| &r.field)
    }
}
