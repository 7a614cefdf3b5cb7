use std::{sync::Arc, time::Instant};

use super::Step;
use crate::{
    BoxFuture, Context, Error, Resolver, Secrets, cache::Need, resolver::Unresolved,
    secrets::Shared, warning::warn_now_and_then,
};

impl Step {
    /// The step's secrets, fetched anew, if they are others than those of `old`.
    ///
    /// `None` if they are the same, and if they cannot be fetched, which a warning tells. Many calls that fail
    /// together fetch once: what was asked for after the values of `old` will do.
    pub(crate) fn refreshed(&'static self, old: &Context) -> BoxFuture<'static, Option<Context>> {
        let old = old.secrets.shared().clone();
        Box::pin(async move {
            // What a test has given does not change.
            old.renew.as_ref()?;
            let failed = Instant::now();
            let mut than = old.asked()?;
            loop {
                match self.fetch_after(than).await {
                    Ok(fresh) if fresh.differs_from(&old) => {
                        return Some(Context::new(Secrets::new(fresh)));
                    }
                    // What others had fetched before this failed may be from before the change.
                    Ok(fresh) => than = fresh.asked_before(failed)?,
                    Err(error) => {
                        // The error names the step.
                        warn_now_and_then(&format!(
                            "the secrets of a step that has failed cannot be fetched anew, so its own error stays: {error}"
                        ));
                        return None;
                    }
                }
            }
        })
    }

    async fn fetch_after(&'static self, than: Instant) -> Result<Arc<Shared>, Error> {
        let declaration = self.declaration()?;
        let resolver = Resolver::current().map_err(|error| error.in_step(Some(self.name)))?;
        let fetched = resolver.fetch(declaration, Need::NewerThan(than)).await;
        fetched.map(|(shared, _)| shared).map_err(Unresolved::into_error)
    }
}
