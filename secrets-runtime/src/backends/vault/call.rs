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
    /// The mounts that the server has told, and which token.
    told: Mutex<Vec<(String, Arc<Token>)>>,
    /// Why no mount can be looked up, such as a refused login: another request would fail too.
    failure: Mutex<Option<Error>>,
}

impl VaultCall {
    /// The server has told this token of a mount.
    pub(super) fn told(&self, mount: &EngineMount, token: Arc<Token>) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push((mount.path.clone(), token));
    }

    /// Whether the server has told this token of the mount in this call.
    pub(super) fn is_told(&self, mount: &EngineMount, token: &Arc<Token>) -> bool {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().any(|(path, to)| *path == mount.path && Arc::ptr_eq(to, token))
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
