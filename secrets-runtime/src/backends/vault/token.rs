use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    backends::{http::login::Session, vault::answer::VaultAnswer},
    core::secret_value::SecretValue,
};

/// By how much the time that is left of a token may be less than the server says.
const ROUNDING: Duration = Duration::from_millis(500);

/// A token, with what is known of its time.
pub(super) struct Token {
    value: SecretValue,
    pub origin: TokenOrigin,
    state: Mutex<TokenState>,
}

/// Where a token is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenOrigin {
    /// It was given, and never changes.
    Setting,
    /// It is from a file, which may have another one by now.
    File,
    /// It is of a login of this backend, which may end it.
    Login,
}

#[derive(Debug, Clone, Copy)]
struct TokenState {
    /// Whether the rest is known.
    is_known: bool,
    /// `None` if it does not end.
    end: Option<Instant>,
    is_renewable: bool,
}

impl Token {
    /// Creates one that this backend has not logged in for, and of which nothing is known.
    pub(super) fn given(value: SecretValue, origin: TokenOrigin) -> Self {
        let state = TokenState { is_known: false, end: None, is_renewable: false };
        Self { value, origin, state: Mutex::new(state) }
    }

    /// Reads that of a login whose request was sent at this time.
    pub(super) fn of_login(answer: &VaultAnswer, asked_at: Instant) -> Option<Self> {
        let value = answer.secret_at(&["auth", "client_token"])?;
        let state = Mutex::new(Self::state_at(answer, "auth", "lease_duration", asked_at));
        Some(Self { value, origin: TokenOrigin::Login, state })
    }

    pub(super) fn value(&self) -> &SecretValue {
        &self.value
    }

    /// Whether it is of a login of this backend.
    pub(super) fn is_own(&self) -> bool {
        self.origin == TokenOrigin::Login
    }

    /// Whether its time is known to be over.
    pub(super) fn has_ended(&self) -> bool {
        self.lock().end.is_some_and(|end| end <= Instant::now())
    }

    /// Whether its time has to be looked up.
    pub(super) fn is_unknown(&self) -> bool {
        !self.lock().is_known
    }

    /// Takes over what a look-up has answered; nothing is known after one that was refused.
    pub(super) fn looked_up(&self, answer: &VaultAnswer, asked_at: Instant) {
        let mut state = Self::state_at(answer, "data", "ttl", asked_at);
        // The server rounds the time that is left to whole seconds.
        state.end = state.end.map(|end| end.checked_sub(ROUNDING).unwrap_or(end));
        if answer.status != 200 {
            state = TokenState { is_known: true, end: None, is_renewable: false };
        }
        *self.lock() = state;
    }

    /// Takes over a renewal.
    pub(super) fn renewed(&self, answer: &VaultAnswer, asked_at: Instant) {
        *self.lock() = Self::state_at(answer, "auth", "lease_duration", asked_at);
    }

    /// The server does not renew it.
    pub(super) fn cannot_be_renewed(&self) {
        self.lock().is_renewable = false;
    }

    /// Whether it is to be renewed so that what hangs on it may last for this time.
    pub(super) fn is_due(&self, time: Duration) -> bool {
        let state = *self.lock();
        let rest = state.end.map(|end| end.saturating_duration_since(Instant::now()));
        state.is_renewable && rest.is_some_and(|rest| rest < time.saturating_mul(2))
    }

    /// Returns for how long something may last at most that hangs on it, asked for at this time.
    pub(super) fn cap(&self, time: Duration, asked_at: Instant) -> Duration {
        let end = self.lock().end;
        end.map_or(time, |end| time.min(end.saturating_duration_since(asked_at)))
    }

    fn state_at(answer: &VaultAnswer, object: &str, time: &str, asked_at: Instant) -> TokenState {
        let seconds = answer.number_at(&[object, time]).filter(|seconds| *seconds > 0);
        let end = seconds.and_then(|seconds| asked_at.checked_add(Duration::from_secs(seconds)));
        let is_renewable = answer.is_true_at(&[object, "renewable"]);
        TokenState { is_known: true, end, is_renewable }
    }

    fn lock(&self) -> MutexGuard<'_, TokenState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session for Arc<Token> {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(self, other)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("origin", &self.origin)
            .field("state", &*self.lock())
            .finish_non_exhaustive()
    }
}
