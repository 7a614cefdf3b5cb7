use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::backends::vault::{failure::TokenHealth, mounts::EngineMount, token::Token};

/// What the requests of one call share.
#[derive(Debug, Default)]
pub(super) struct VaultCall {
    /// What a look-up has said of the token: there is one for all.
    pub health: OnceCell<TokenHealth>,
    /// The mounts that the server has told, and which token.
    told: Mutex<Vec<(String, Arc<Token>)>>,
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
}
