use std::time::Duration;

/// The longest duration of a lease, and of a cached value: an instant that is for ever away cannot be represented.
pub(crate) const MAX_DURATION: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The right to use a value for a time, which its server may renew and revoke.
///
/// A backend attaches it to an answer with [`Fetched::with_lease`](crate::Fetched::with_lease), and implements
/// [`Backend::renew`](crate::Backend::renew) and [`Backend::revoke`](crate::Backend::revoke). The id is not a secret:
/// warnings contain it. If the backend needs more than the id, such as a token or a namespace, it stores that under
/// the id.
///
/// ```
/// use std::time::Duration;
/// use secrets_runtime::backend::Lease;
///
/// let lease = Lease::new("database/creds/app/7f3a", Duration::from_secs(3600)).renewable();
/// assert_eq!((lease.id(), lease.duration().as_secs()), ("database/creds/app/7f3a", 3600));
/// assert!(lease.is_renewable());
/// assert!(format!("{lease:?}").contains("database/creds/app/7f3a"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Lease {
    id: String,
    duration: Duration,
    is_renewable: bool,
}

impl Lease {
    /// Creates a lease that cannot be renewed. It ends after `duration`, counted from when the request was sent that
    /// this answers. A duration of more than a year counts as a year.
    pub fn new(id: impl Into<String>, duration: Duration) -> Self {
        Self { id: id.into(), duration: duration.min(MAX_DURATION), is_renewable: false }
    }

    /// Sets that the server can renew the lease.
    pub fn renewable(self) -> Self {
        Self { is_renewable: true, ..self }
    }

    /// Returns the id of the lease at its server.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns how long the server has granted the lease.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// Returns whether the server can renew the lease.
    #[must_use]
    pub fn is_renewable(&self) -> bool {
        self.is_renewable
    }

    /// Returns the lease without the right to a renewal.
    pub(crate) fn not_renewable(self) -> Self {
        Self { is_renewable: false, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_no_clock_has_is_a_year() {
        let lease = Lease::new("database/creds/app/7f3a", Duration::MAX);
        assert_eq!(lease.duration(), Duration::from_secs(31_536_000));
    }
}
