//! The fields that a step can read, by group.

use std::sync::Arc;

use secrets_spec::Request;

use crate::{
    context::{provenance::Provenance, shared_lease::LeaseHold},
    core::error::Problem,
    payload::fields::{Field, Fields},
};

/// The fields that a step can read under one group.
#[derive(Clone, Default)]
pub(crate) struct Group {
    pub source: Option<SourceFields>,
    pub requests: Vec<RequestField>,
}

/// A source that was fetched.
#[derive(Clone)]
pub(crate) struct SourceFields {
    pub origin: Arc<str>,
    /// The id without its type, if only the settings know the type and the group has it.
    pub short_group: Option<Box<str>>,
    pub provenance: Provenance,
    pub fields: Fields,
    /// Why it has no fields, if the source is optional and was not found.
    pub absent_because: Option<Problem>,
    /// Holds the lease of the value as long as a step can read it.
    #[expect(dead_code, reason = "it is held, and not read")]
    pub lease_hold: Option<LeaseHold>,
}

/// A request that was answered.
#[derive(Clone)]
pub(crate) struct RequestField {
    pub request: Request,
    pub provenance: Provenance,
    pub field: Field,
    /// The environment variable that also gets the value.
    pub variable: Option<String>,
    /// Holds the lease of the value as long as a step can read it.
    #[expect(dead_code, reason = "it is held, and not read")]
    pub lease_hold: Option<LeaseHold>,
}

impl Group {
    /// Returns the provenance of everything in the group.
    pub(crate) fn provenances(&self) -> impl Iterator<Item = &Provenance> {
        let source = self.source.as_ref().map(|source| &source.provenance);
        source.into_iter().chain(self.requests.iter().map(|requested| &requested.provenance))
    }

    /// Returns whether this fetch of the group returned another version than the other fetch, or other values if the
    /// backend reports no version.
    pub(crate) fn differs_from(&self, other: &Self) -> bool {
        let versions = |group: &Self| -> Option<Vec<Arc<str>>> {
            group.provenances().map(|provenance| provenance.version.clone()).collect()
        };
        match (versions(self), versions(other)) {
            (Some(one), Some(two)) => one != two,
            _ => !self.has_same_values(other),
        }
    }

    fn has_same_values(&self, other: &Self) -> bool {
        let same = |a: &[(&str, &Field)], b: &[(&str, &Field)]| {
            let pairs = a.iter().zip(b);
            // Compared by bytes, in a time that depends on their lengths alone.
            let equal = |((name, a), (other, b)): (&(&str, &Field), &(&str, &Field))| {
                name == other && a.value.ct_eq(&b.value)
            };
            a.len() == b.len() && pairs.into_iter().all(equal)
        };
        same(&self.values(), &other.values())
    }

    /// Returns the keys of all fields.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let fields = self.source.iter().flat_map(|source| source.fields.iter());
        let requested = self.requests.iter().map(|r| r.request.view().key);
        fields.map(|(name, _)| name).chain(requested)
    }

    /// Returns every field with its key.
    pub(crate) fn values(&self) -> Vec<(&str, &Field)> {
        let fields = self.source.iter().flat_map(|source| source.fields.iter());
        let requested = self.requests.iter().map(|r| (r.request.view().key, &r.field));
        fields.chain(requested).collect()
    }

    /// Returns the provenance of everything in the group that was found.
    pub(crate) fn found_provenances(&self) -> impl Iterator<Item = &Provenance> {
        let source = self.source.as_ref().filter(|source| source.absent_because.is_none());
        let source = source.map(|source| &source.provenance);
        source.into_iter().chain(self.requests.iter().map(|requested| &requested.provenance))
    }

    /// Returns the field that `get(group, key)` reads.
    pub(crate) fn find(&self, key: &str) -> Option<&Field> {
        if let Some(field) = self.source.as_ref().and_then(|source| source.fields.get(key)) {
            return Some(field);
        }
        self.find_request(key).map(|requested| &requested.field)
    }

    /// Returns the provenance of the field that `get(group, key)` reads.
    pub(crate) fn provenance_of(&self, key: &str) -> Option<&Provenance> {
        match &self.source {
            Some(source) if source.fields.get(key).is_some() => Some(&source.provenance),
            _ => self.find_request(key).map(|requested| &requested.provenance),
        }
    }

    /// Returns the request of a key: of several versions, the one that was requested without a version.
    fn find_request(&self, key: &str) -> Option<&RequestField> {
        let mut matching = self.requests.iter().filter(|r| r.request.view().key == key);
        let first = matching.next()?;
        let rest: Vec<_> = matching.collect();
        if rest.is_empty() {
            return Some(first);
        }
        let mut all = std::iter::once(first).chain(rest);
        all.find(|r| r.request.view().group_version.is_none())
    }
}
