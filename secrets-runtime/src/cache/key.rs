use std::sync::Arc;

use crate::{backend::identity::Identity, cache::answer::IdentifiedRequest};

/// The key of an entry: the backend and the identity of the request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// The type of the backend. A resolver has one backend of each type.
    pub kind: Arc<str>,
    /// The part of the backend, if it consists of several ([`Backend::parts`](crate::Backend::parts)).
    part: usize,
    identity: Arc<Identity>,
}

impl Key {
    /// Creates the key of a request to a backend of this type.
    pub(super) fn of(kind: &Arc<str>, asked: &IdentifiedRequest) -> Self {
        let IdentifiedRequest { request, identity } = asked;
        Self { kind: kind.clone(), part: request.part, identity: identity.clone() }
    }

    /// Returns the keys of an answer: this one, and one for each further identity.
    pub(super) fn with_identities(&self, identities: &[Identity]) -> Vec<Self> {
        let mut keys = vec![self.clone()];
        for identity in identities {
            let key = Self { identity: Arc::new(identity.clone()), ..self.clone() };
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    /// Returns the secret's id, without its role, region and version.
    pub(super) fn secret(&self) -> &str {
        self.identity.id()
    }
}
