use std::sync::Arc;

use crate::backend::{Backend, identity::Identity, owned_request::OwnedRequest};

/// What an answer is cached by: its backend and the identity of the request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// The type of the backend, of which a resolver has one.
    pub kind: Arc<str>,
    /// Which part of the backend, if it consists of several ([`Backend::parts`]).
    part: usize,
    identity: Arc<Identity>,
}

impl Key {
    pub(super) fn of(backend: &dyn Backend, request: &OwnedRequest) -> Self {
        Self::of_kind(backend.kind().into(), backend, request)
    }

    /// Creates the key of a request to a backend of this type, for several requests to one.
    pub(super) fn of_kind(kind: Arc<str>, backend: &dyn Backend, request: &OwnedRequest) -> Self {
        let identity = Arc::new(Identity::by(backend, &request.as_request()));
        Self { kind, part: request.part, identity }
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
