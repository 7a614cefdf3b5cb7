use std::fmt;

use crate::{
    context::{
        Barrier, Context,
        process_env::{Exported, export},
    },
    core::error::Error,
    private::{ending::Ending, filler::Filler, step::Step},
    rt::block_on::block_on,
};

/// Enters a synchronous step: resolves its secrets on this thread, and opens the scope in which they are
/// readable; with `export = "process"` they are in the environment too.
///
/// # Errors
/// Every problem with its secrets, or with exporting them.
pub fn enter(step: &'static Step) -> Result<StepGuard, Error> {
    let (context, failed) = match step.ready() {
        Some(context) => (context, None),
        None => step.partly(block_on(step.resolve()))?,
    };
    StepGuard::of(step, context, failed)
}

/// The scope of a synchronous step: it ends when the body returns or panics.
pub struct StepGuard {
    step: &'static Step,
    // Dropped in this order: the environment is as before, the secrets out of reach, the files gone.
    exported: Option<Exported>,
    inside: Barrier,
    ending: Ending,
    /// Why the body does not run: it is told when the typed parameters have been read.
    failed: Option<Error>,
}

impl StepGuard {
    /// The scope of this context.
    pub(super) fn of(
        step: &'static Step,
        context: Context,
        failed: Option<Error>,
    ) -> Result<Self, Error> {
        let ending = Ending::of(context);
        let context = ending.context();
        let exported = match step.export_process && failed.is_none() {
            true => Some(export(&context.secrets)?),
            false => None,
        };
        Ok(Self { step, exported, inside: Barrier::enter(context), ending, failed })
    }

    pub(super) fn context(&self) -> &Context {
        self.ending.context()
    }

    /// Reads the typed parameters.
    ///
    /// # Errors
    /// Everything that is wrong with any of them.
    pub fn fill<A>(&self, fill: impl FnOnce(&mut Filler<'_>) -> Option<A>) -> Result<A, Error> {
        Filler::fill(self.step, self.ending.context(), self.failed.clone(), fill)
    }
}

impl fmt::Debug for StepGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = (&self.inside, &self.exported);
        f.debug_struct("StepGuard").field("step", &self.step.name).finish_non_exhaustive()
    }
}
