use std::sync::Arc;

use crate::{
    backend::BoxFuture,
    context::{Context, secrets::Secrets},
    private::step::Step,
};

impl Step {
    /// The step's secrets, fetched anew, if they are others than those of `old`.
    ///
    /// `None` if they are the same, and if they cannot be fetched, which a warning tells. Many calls that fail
    /// together fetch once: what was asked for after the values of `old` will do.
    pub(crate) fn refreshed(&'static self, old: &Context) -> BoxFuture<'static, Option<Context>> {
        let old = old.secrets.shared().clone();
        Box::pin(async move {
            let fresh = old.newer(None).await?;
            Some(Context::new(Secrets::new(Arc::new(fresh))))
        })
    }
}
