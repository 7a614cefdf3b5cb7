use crate::{context::Context, private::result_adapter::ResultAdapter};

#[cfg(feature = "guard")]
use crate::private::result_adapter::guarded;

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

    /// Ends the step and returns the result of its body, or an error if the result contains a secret and must not. The
    /// result of every body, synchronous or asynchronous, passes through here before the caller gets it.
    #[inline]
    #[cfg_attr(
        not(feature = "guard"),
        expect(unused_variables, reason = "without the guard nothing reads it")
    )]
    pub(super) fn finish<R>(self, result: R, adapter: ResultAdapter<R>) -> R {
        #[cfg(feature = "guard")]
        let result = guarded(adapter, &self.0, result);
        drop(self);
        result
    }
}

impl Drop for RunningStep {
    fn drop(&mut self) {
        self.0.secrets.end();
    }
}
