use std::sync::atomic::{AtomicBool, Ordering};

use crate::{
    backend::Backend,
    core::error::{Error, ErrorKind},
};

static IS_SET: AtomicBool = AtomicBool::new(false);

/// Forbids all calls of backends, for good: a test that forgot its secrets fails instead of asking a real backend.
pub(crate) fn forbid_backends() {
    IS_SET.store(true, Ordering::Release);
}

/// Returns the error of a call to this backend, if calls are forbidden. The caller adds the name of the step.
pub(crate) fn forbidden(backend: &dyn Backend) -> Option<Error> {
    if !IS_SET.load(Ordering::Acquire) || backend.capabilities().is_of_test() {
        return None;
    }
    let message = format!(
        "{backend} is not asked: `testing::forbid_backends` has been called in this process"
    );
    Some(Error::new(ErrorKind::NotSupported, message).with_help(
        "give the test its secrets: testing::with_secrets([(\"GROUP\", \"KEY\", \"value\")], || ..), or with_secrets_async for a future; \
         a thread or a task that the test starts has them through `current_context().enter()` or `.scope(future)`",
    ))
}
