//! Why the last step of this thread could not start, for the exit code of a program whose own error type does not
//! contain it.

use std::cell::Cell;

use crate::{
    context::try_current_context,
    core::error::{Error, ErrorKind},
};

thread_local! {
    static NOTED: Cell<Option<ErrorKind>> = const { Cell::new(None) };
}

/// Notes why a step could not start. A step that another one has called is the other one's affair.
pub(super) fn note(error: &Error) {
    if try_current_context().is_none() {
        NOTED.set(Some(error.kind()));
    }
}

/// Returns what was noted on this thread, and forgets it.
pub fn take() -> Option<ErrorKind> {
    NOTED.take()
}
