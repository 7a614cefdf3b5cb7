//! Where a value comes from.

use std::time::Instant;

use crate::backend::{Backend, capabilities::Capabilities, owned_request::OwnedRequest};

/// Where a value comes from, and how long it may serve.
#[derive(Debug, Clone)]
pub(crate) struct Provenance {
    /// The type of the backend.
    pub backend: String,
    pub capabilities: Capabilities,
    /// The id by which the backend was asked; of a request without a group, its key.
    pub id: String,
    /// The version, as the backend calls it, if it has one.
    pub version: Option<String>,
    pub role: Option<String>,
    /// When the backend was asked for it.
    pub asked_at: Instant,
    /// Until when later steps may use it without looking again; `None` if they may not.
    pub fresh_until: Option<Instant>,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "it is for what shows where a value is from")
    )]
    pub road: Road,
}

/// The road on which a value came to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Road {
    /// Its backend was asked.
    Backend,
    /// It was fetched before, and has not expired.
    Cache,
    /// It was fetched before and has expired, and its backend cannot answer for a moment.
    Stale,
}

impl Provenance {
    /// Of what a backend answers when it is asked at this time.
    pub(crate) fn of(backend: &dyn Backend, request: &OwnedRequest, asked_at: Instant) -> Self {
        let id = match &request.key {
            Some(key) if request.id.is_empty() => key,
            _ => &request.id,
        };
        Self {
            backend: backend.kind().to_owned(),
            capabilities: backend.capabilities(),
            id: id.clone(),
            version: None,
            role: request.role.clone(),
            asked_at,
            fresh_until: None,
            road: Road::Backend,
        }
    }
}
