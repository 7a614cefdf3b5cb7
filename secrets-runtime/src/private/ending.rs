use crate::context::Context;

/// The context of a step that runs: when this is dropped the step has ended, and its files are gone, whoever
/// still holds the context.
pub(super) struct Ending(Context);

impl Ending {
    pub(super) fn of(context: Context) -> Self {
        Self(context)
    }

    pub(super) fn context(&self) -> &Context {
        &self.0
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.secrets.end();
    }
}
