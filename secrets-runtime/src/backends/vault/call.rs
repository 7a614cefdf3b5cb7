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
    /// Why no mount can be looked up, such as a refused login: another request would fail too.
    failure: Mutex<Option<Error>>,
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

    /// Records why no mount can be looked up, and returns it.
    pub(super) fn fail(&self, error: Error) -> Error {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
        error
    }

    /// Returns why no mount can be looked up.
    pub(super) fn failure(&self) -> Option<Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
