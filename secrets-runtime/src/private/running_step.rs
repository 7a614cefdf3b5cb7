use crate::context::Context;

/// A step whose body runs. Dropping this ends the step: its files are deleted, even if a clone of its context
/// still exists.
pub(super) struct RunningStep(Context);

impl RunningStep {
    #[inline]
    pub(super) fn new(context: Context) -> Self {
        Self(context)
    }

    #[inline]
    pub(super) fn context(&self) -> &Context {
        &self.0
    }

    /// Ends the step and returns the result of its body. The result of every body, synchronous or
    /// asynchronous, passes through here before the caller gets it.
    #[inline]
    pub(super) fn finish<R>(self, result: R) -> R {
        drop(self);
        result
    }
}

impl Drop for RunningStep {
    fn drop(&mut self) {
        self.0.secrets.end();
    }
}
