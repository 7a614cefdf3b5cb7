use crate::context::Context;

/// A step whose body runs. When this is dropped, the step has ended: its files are deleted, even if something still holds
/// its context.
pub(super) struct RunningStep(Context);

impl RunningStep {
    pub(super) fn new(context: Context) -> Self {
        Self(context)
    }

    pub(super) fn context(&self) -> &Context {
        &self.0
    }

    /// Ends the step and returns the result of its body. The result of every body passes here, of synchronous and
    /// asynchronous steps, before the caller gets it.
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
