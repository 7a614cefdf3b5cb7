use std::{
    fmt,
    sync::Arc,
    time::{Instant, SystemTime},
};

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::{
    backend::{capabilities::Capabilities, owned_request::OwnedRequest},
    context::shared_lease::SharedLease,
    core::{origin::Origin, timestamp::Timestamp},
};

/// Where the value of a secret comes from, for a job to store beside its result. It does not contain the value.
///
/// As JSON its members are named like its methods:
/// `{"backend": "local", "id": "db", "version": "3", "role": null, "origin": "cache", "fetched_at": "2026-11-28T21:30:00.123Z"}`.
/// A value that expires has `expires_at` too.
///
/// ```
/// use secrets_runtime::{Error, Origin, current_context, secrets, testing};
///
/// #[secrets(sources = ["db"])]
/// fn step() -> Result<Option<String>, Error> {
///     let secrets = current_context().secrets;
///     let provenance = secrets.provenance("db").expect("the step declares it");
///     assert_eq!((provenance.id(), provenance.origin()), ("db", Origin::Override));
///     Ok(provenance.version().map(str::to_owned))
/// }
///
/// testing::with_secrets([("db", "password", "x")], step)?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Provenance {
    pub(crate) backend: Arc<str>,
    pub(crate) capabilities: Capabilities,
    /// The id with which the backend was asked; for a request without a group, its key.
    pub(crate) id: Arc<str>,
    pub(crate) version: Option<Arc<str>>,
    pub(crate) role: Option<Arc<str>>,
    /// When the backend was asked for it, on the clock of the cache.
    pub(crate) asked_at: Instant,
    /// That instant in system time.
    pub(crate) fetched_at: SystemTime,
    /// Until when later steps may use it without asking the backend; `None` if they may not.
    pub(crate) fresh_until: Option<Instant>,
    pub(crate) origin: Origin,
    pub(crate) expiry: Option<Expiry>,
}

/// When a value expires.
#[derive(Clone)]
pub(crate) enum Expiry {
    At(SystemTime),
    /// With its lease, which may be renewed. The code that has this does not hold the lease.
    Lease(Arc<SharedLease>),
}

impl Provenance {
    /// Creates the provenance of an answer of this type of backend to a request at this time.
    pub(crate) fn of(
        (kind, capabilities): (&Arc<str>, Capabilities),
        request: &OwnedRequest,
        asked_at: Instant,
        fetched_at: SystemTime,
    ) -> Self {
        let id = match &request.key {
            Some(key) if request.id.is_empty() => key.as_str().into(),
            _ => request.id.clone(),
        };
        Self {
            backend: kind.clone(),
            capabilities,
            id,
            version: None,
            role: request.role.clone(),
            asked_at,
            fetched_at,
            fresh_until: None,
            origin: Origin::Backend,
            expiry: None,
        }
    }

    /// Returns the type of the backend that has the secret.
    #[must_use]
    pub fn backend(&self) -> &str {
        &self.backend
    }

    /// Returns the id with which the backend was asked. If `secrets.toml` maps the source to another secret, it is the
    /// id of that secret.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the version, as the backend calls it, or `None` if the backend has no versions.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Returns the role in which the backend was asked, if any.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// Returns where the value came from when this call of the step got it.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Returns when the backend was asked for the value. If the value was cached, that was before the step was called.
    #[must_use]
    pub fn fetched_at(&self) -> SystemTime {
        self.fetched_at
    }

    /// Returns when the value expires, or `None` if its backend did not say. A value with a lease expires later if the
    /// lease is renewed: each call returns the current time.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expiry.as_ref().map(|expiry| match expiry {
            Expiry::At(time) => *time,
            Expiry::Lease(lease) => lease.expires_at(),
        })
    }
}

impl Provenance {
    /// Returns whether the value has expired by this time of the cache's clock.
    pub(crate) fn has_ended(&self, now: Instant) -> bool {
        self.expiry.as_ref().is_some_and(|expiry| match expiry {
            Expiry::At(time) => {
                let life = time.duration_since(self.fetched_at).unwrap_or_default();
                self.asked_at + life <= now
            }
            Expiry::Lease(lease) => lease.end() <= now,
        })
    }
}

impl fmt::Debug for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(time) => f.debug_tuple("At").field(time).finish(),
            Self::Lease(lease) => f.debug_tuple("Lease").field(&lease.lease()).finish(),
        }
    }
}

impl Serialize for Provenance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let expires_at = self.expires_at().map(Timestamp);
        let members = if expires_at.is_some() { 7 } else { 6 };
        let mut provenance = serializer.serialize_struct("Provenance", members)?;
        provenance.serialize_field("backend", self.backend())?;
        provenance.serialize_field("id", self.id())?;
        provenance.serialize_field("version", &self.version())?;
        provenance.serialize_field("role", &self.role())?;
        provenance.serialize_field("origin", &self.origin())?;
        provenance.serialize_field("fetched_at", &Timestamp(self.fetched_at))?;
        match expires_at {
            Some(expires_at) => provenance.serialize_field("expires_at", &expires_at)?,
            None => provenance.skip_field("expires_at")?,
        }
        provenance.end()
    }
}
