//! The error with which the last step of this thread could not start, for the exit code of a program whose own error
//! type does not contain it.

use std::cell::Cell;

use crate::{
    context::try_current_context,
    core::error::{Error, ErrorKind},
};

thread_local! {
    static NOTED: Cell<Option<ErrorKind>> = const { Cell::new(None) };
}

/// Records why a step could not start. Steps that are called by another step are not recorded.
pub(super) fn note(error: &Error) {
    if try_current_context().is_none() {
        NOTED.set(Some(error.kind()));
    }
}

/// Removes and returns the recorded kind of this thread.
pub fn take() -> Option<ErrorKind> {
    NOTED.take()
}
