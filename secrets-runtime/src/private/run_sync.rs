//! Runs the body of a synchronous step.

use std::fmt;

use crate::{
    context::{
        Barrier, Context,
        process_env::{ExportedVariables, export},
    },
    core::error::Error,
    private::{
        parameters::Filler,
        result_adapter::{ResultAdapter, failed},
        running_step::RunningStep,
        step::Step,
    },
    rt::block_on::block_on,
};

/// Runs a synchronous step: resolves its secrets on this thread, then calls its body in a scope in which they are
/// readable. With `export = "process"` they are set in the environment too.
///
/// The body is a closure, so every `return` in it comes back here.
pub fn call<R>(step: &'static Step, adapter: ResultAdapter<R>, body: impl FnOnce() -> R) -> R {
    match enter(step) {
        Ok(guard) => guard.finish(body(), adapter),
        Err(error) => failed(adapter, error),
    }
}

/// Runs a synchronous step with typed parameters, which are passed to its body.
pub fn call_with<R, A>(
    step: &'static Step,
    adapter: ResultAdapter<R>,
    fill: impl FnOnce(&mut Filler<'_>) -> Option<A>,
    body: impl FnOnce(A) -> R,
) -> R {
    let called = enter(step).and_then(|scope| scope.call(adapter, fill, body));
    called.unwrap_or_else(|error| failed(adapter, error))
}

/// Opens the scope of a synchronous step.
///
/// # Errors
/// Every problem with the step's secrets, or with exporting them.
pub(super) fn enter(step: &'static Step) -> Result<StepScope, Error> {
    let (context, failed) = match step.cached_context() {
        Some(context) => (context, None),
        None => step.context_or_partial(block_on(step.resolve()))?,
    };
    StepScope::new(step, context, failed)
}

/// The scope of a synchronous step: it ends when the body returns or panics.
pub(super) struct StepScope {
    step: &'static Step,
    // Dropped in this order: the environment is restored, the secrets become unreadable, the files are
    // deleted.
    exported: Option<ExportedVariables>,
    inside: Barrier,
    running: RunningStep,
    /// The reason why the body must not run. It is reported after the typed parameters have been read.
    failed: Option<Error>,
}

impl StepScope {
    /// Opens the scope of this context.
    #[inline]
    pub(super) fn new(
        step: &'static Step,
        context: Context,
        failed: Option<Error>,
    ) -> Result<Self, Error> {
        let running = RunningStep::new(context);
        let context = running.context();
        let exported = match step.is_exporting() && failed.is_none() {
            true => Some(export(&context.secrets)?),
            false => None,
        };
        Ok(Self { step, exported, inside: Barrier::enter(context), running, failed })
    }

    pub(super) fn context(&self) -> &Context {
        self.running.context()
    }

    /// Reads the typed parameters and calls the body with them.
    ///
    /// # Errors
    /// The problems of all parameters.
    pub(super) fn call<R, A>(
        self,
        adapter: ResultAdapter<R>,
        fill: impl FnOnce(&mut Filler<'_>) -> Option<A>,
        body: impl FnOnce(A) -> R,
    ) -> Result<R, Error> {
        let arguments = Filler::fill(self.step, self.context(), self.failed.clone(), fill)?;
        let result = body(arguments);
        Ok(self.finish(result, adapter))
    }

    /// Closes the scope and returns the result of the body.
    fn finish<R>(self, result: R, adapter: ResultAdapter<R>) -> R {
        let Self { exported, inside, running, .. } = self;
        drop((exported, inside));
        running.finish(result, adapter)
    }
}

impl fmt::Debug for StepScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepScope").field("step", &self.step.name()).finish_non_exhaustive()
    }
}
