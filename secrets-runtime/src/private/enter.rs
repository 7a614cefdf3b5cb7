use std::fmt;

use super::{Filler, Step};
use crate::{Context, Error, block_on::block_on, context::Barrier};

/// Enters a synchronous step: resolves its secrets on this thread, and opens the scope in which they are
/// readable.
///
/// # Errors
/// Every problem with its secrets.
pub fn enter(step: &'static Step) -> Result<StepGuard, Error> {
    let context = block_on(step.resolve())?;
    Ok(StepGuard { step, inside: Barrier::enter(&context), context })
}

/// The scope of a synchronous step: it ends when the body returns or panics.
pub struct StepGuard {
    step: &'static Step,
    inside: Barrier,
    context: Context,
}

impl StepGuard {
    /// Reads the typed parameters.
    ///
    /// # Errors
    /// Everything that is wrong with any of them.
    pub fn fill<A>(&self, fill: impl FnOnce(&mut Filler<'_>) -> Option<A>) -> Result<A, Error> {
        Filler::fill(self.step, &self.context, fill)
    }
}

impl fmt::Debug for StepGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = &self.inside;
        f.debug_struct("StepGuard").field("step", &self.step.name).finish_non_exhaustive()
    }
}
