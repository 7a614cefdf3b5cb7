use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    backend::lease::Lease, backends::vault::token::Token, rt::process_local::ProcessLocal,
};

/// The leases that are not over, each with the token on which it hangs. A child of `fork` has none of its parent's: it
/// must neither renew nor revoke them, nor the token that they hang on.
#[derive(Default)]
pub(super) struct HeldLeases(ProcessLocal<Mutex<HashMap<String, HeldLease>>>);

struct HeldLease {
    token: Arc<Token>,
    /// When it is over by itself; `None` if that is not known.
    end: Option<Instant>,
}

impl HeldLease {
    fn is_over(&self) -> bool {
        self.end.is_some_and(|end| end <= Instant::now()) || self.token.has_ended()
    }
}

impl HeldLeases {
    /// Adds a lease, or its new time. It was asked for at this time.
    pub(super) fn insert(&self, lease: &Lease, token: &Arc<Token>, asked_at: Instant) {
        // A lease of no duration is revoked by its holder.
        let time = Some(lease.duration()).filter(|time| *time > Duration::ZERO);
        let end = time.and_then(|time| asked_at.checked_add(time));
        let mut leases = self.lock();
        // Nobody says which ones have ended meanwhile.
        leases.retain(|_, held| !held.is_over());
        leases.insert(lease.id().to_owned(), HeldLease { token: token.clone(), end });
    }

    /// Returns the token on which a lease hangs.
    pub(super) fn token(&self, lease: &Lease) -> Option<Arc<Token>> {
        self.lock().get(lease.id()).map(|held| held.token.clone())
    }

    /// Forgets a lease that is over.
    pub(super) fn remove(&self, lease: &Lease) {
        self.lock().remove(lease.id());
    }

    /// Forgets all, and returns the ids of those that are not over with their tokens.
    pub(super) fn take(&self) -> Vec<(String, Arc<Token>)> {
        let leases = std::mem::take(&mut *self.lock());
        let open = leases.into_iter().filter(|(_, held)| !held.is_over());
        open.map(|(id, held)| (id, held.token)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, HeldLease>> {
        self.0.get().lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backends::vault::token::TokenOrigin;

    #[test]
    fn what_is_over_is_forgotten() {
        let (leases, now) = (HeldLeases::default(), Instant::now());
        let token = Arc::new(Token::given("SeNtInEl".into(), TokenOrigin::Setting));
        let lease = |id: &str, seconds| Lease::new(id, Duration::from_secs(seconds));
        let past = now.checked_sub(Duration::from_secs(5)).unwrap();
        leases.insert(&lease("ended", 1), &token, past);
        leases.insert(&lease("no time", 0), &token, past);
        leases.insert(&lease("open", 3600), &token, past);
        assert!(leases.token(&lease("ended", 1)).is_none());
        assert!(leases.token(&lease("no time", 0)).is_some(), "it is given back");
        leases.remove(&lease("no time", 0));
        leases.insert(&lease("renewed", 1), &token, now);
        leases.insert(&lease("renewed", 3600), &token, now);
        let mut open: Vec<_> = leases.take().into_iter().map(|(id, _)| id).collect();
        open.sort();
        assert_eq!(open, ["open", "renewed"]);
        assert!(leases.take().is_empty());
    }
}
