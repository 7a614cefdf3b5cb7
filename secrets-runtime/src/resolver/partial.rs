use std::sync::Arc;

use crate::{context::resolved::ResolvedSecrets, core::error::Error};

/// Why a declaration has no secrets, and what was found all the same: what is wrong with that is told too.
pub(crate) struct PartialResolution {
    pub error: Error,
    pub found: Option<Arc<ResolvedSecrets>>,
}

impl From<Error> for PartialResolution {
    fn from(error: Error) -> Self {
        Self { error, found: None }
    }
}

impl PartialResolution {
    /// Returns the reason alone. This is not a `From`: the compiler would list it for a user whose `?` has an error of
    /// another type.
    pub(crate) fn into_error(self) -> Error {
        self.error
    }
}
