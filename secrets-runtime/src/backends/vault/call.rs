use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::{
    backends::vault::{failure::TokenHealth, mounts::EngineMount, token::Token},
    core::error::Error,
};

/// What the requests of one call share.
#[derive(Debug, Default)]
pub(super) struct VaultCall {
    /// What a look-up has said of the token: there is one for all.
    pub health: OnceCell<TokenHealth>,
    /// The mounts that the server has listed, and for which token.
    listed_mounts: Mutex<Vec<(String, Arc<Token>)>>,
    /// Why mounts cannot be looked up: all of them, or that of paths with this first segment.
    failures: Mutex<Vec<(Option<String>, Error)>>,
}

impl VaultCall {
    /// Records that the server has listed a mount for this token.
    pub(super) fn record_mount(&self, mount: &EngineMount, token: Arc<Token>) {
        let mut listed = self.listed_mounts.lock().unwrap_or_else(PoisonError::into_inner);
        listed.push((mount.path.clone(), token));
    }

    /// Whether the server has listed the mount for this token in this call.
    pub(super) fn has_listed(&self, mount: &EngineMount, token: &Arc<Token>) -> bool {
        let listed = self.listed_mounts.lock().unwrap_or_else(PoisonError::into_inner);
        listed.iter().any(|(path, to)| *path == mount.path && Arc::ptr_eq(to, token))
    }

    /// Records why no mount can be looked up, or not that of paths with this first segment.
    pub(super) fn fail(&self, segment: Option<&str>, error: &Error) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.push((segment.map(str::to_owned), error.clone()));
    }

    /// Returns why the mount of paths with this first segment cannot be looked up.
    pub(super) fn failure(&self, segment: &str) -> Option<Error> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let mut failures = failures.iter();
        let is_of = |of: &Option<String>| of.as_deref().is_none_or(|of| of == segment);
        failures.find(|(of, _)| is_of(of)).map(|(_, error)| error.clone())
    }
}
