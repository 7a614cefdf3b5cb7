use std::sync::Arc;

use crate::{backend::identity::Identity, cache::answer::IdentifiedRequest};

/// What an answer is cached by: its backend and the identity of the request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// The type of the backend, of which a resolver has one.
    pub kind: Arc<str>,
    /// Which part of the backend, if it consists of several ([`Backend::parts`](crate::Backend::parts)).
    part: usize,
    identity: Arc<Identity>,
}

impl Key {
    /// Creates the key of a request to a backend of this type.
    pub(super) fn of(kind: &Arc<str>, asked: &IdentifiedRequest) -> Self {
        let IdentifiedRequest { request, identity } = asked;
        Self { kind: kind.clone(), part: request.part, identity: identity.clone() }
    }

    /// The keys of an answer: this one, and one for each further identity.
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

    /// The secret's id, in whatever scope it is read.
    pub(super) fn secret(&self) -> &str {
        self.identity.id()
    }
}
