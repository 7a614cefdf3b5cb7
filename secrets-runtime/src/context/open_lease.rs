use std::{fmt, time::SystemTime};

use crate::{
    backend::lease::Lease,
    core::{escape::escape_name, timestamp::Timestamp},
};

/// A lease that a resolver holds and has not revoked. `Display` shows the secret and when the lease ends.
#[derive(Debug, Clone)]
pub struct OpenLease {
    pub(crate) secret: String,
    pub(crate) lease: Lease,
    pub(crate) expires_at: SystemTime,
}

impl OpenLease {
    /// Returns the id with which the backend was asked for the secret.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Returns the lease, as it was last granted.
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Returns when the lease ends, unless it is renewed.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }
}

impl fmt::Display for OpenLease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (secret, id) = (escape_name(&self.secret), escape_name(self.lease.id()));
        write!(f, "`{secret}`, which ends at {} (lease `{id}`)", Timestamp(self.expires_at))
    }
}
