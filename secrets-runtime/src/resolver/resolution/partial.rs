use std::sync::Arc;

use crate::{context::resolved::ResolvedSecrets, core::error::Error};

/// The error of a declaration, and the secrets that were found, so that their mistakes are reported too.
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
    /// Returns the error without the secrets. This is not a `From`: the compiler would list it for a user whose `?`
    /// has an error of another type.
    pub(crate) fn into_error(self) -> Error {
        self.error
    }
}
