//! From a declaration to its secrets.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::{
    cache::{answer::Reuse, backend_call::Deadline, step_slot::StepCache},
    context::{Barrier, freshness::Freshness, resolved::ResolvedSecrets},
    core::error::Error,
    declaration::Declaration,
    resolver::{
        Inner, Resolver, assemble, fetch, hints,
        partial::PartialResolution,
        plan::{Plan, with_attached},
        refresh::Refresher,
    },
};

impl Resolver {
    /// The secrets of a declaration, and what lets later calls use them, if all of them are kept.
    pub(crate) async fn fetch(
        &self,
        declaration: &Declaration,
        freshness: Freshness,
    ) -> Result<(Arc<ResolvedSecrets>, Option<Reuse>), PartialResolution> {
        let resolver = self.serving();
        let declaration = with_attached(declaration, &resolver.0.settings);
        let plan = resolver.0.plan(&declaration);
        let carried_out = resolver.0.carry_out(&plan, freshness).await;
        let (mut shared, reuse) = carried_out.map_err(|it| PartialResolution {
            error: hints::explain(it.error, &declaration, &resolver.0.settings),
            ..it
        })?;
        shared.refresher = Some(Arc::new(Refresher::new(resolver.inner().clone(), plan)));
        Ok((Arc::new(shared), reuse))
    }

    /// The secrets of a step's declaration; what the next call may use is put into its slot.
    pub(crate) async fn fetch_for(
        &self,
        declaration: &Declaration,
        slot: &StepCache,
    ) -> Result<Arc<ResolvedSecrets>, PartialResolution> {
        let (shared, reuse) = self.fetch(declaration, Freshness::Fresh).await?;
        if let Some(reuse) = reuse {
            slot.set(&shared, reuse, &self.0.cache);
        }
        Ok(shared)
    }
}

impl Inner {
    /// Plans a declaration.
    pub(super) fn plan(&self, declaration: &Declaration) -> Plan {
        // A backend of a program does not see the secrets of the step that calls the step.
        let _outside = Barrier::outside();
        match &self.test {
            Some(table) => table.plan(declaration, &self.registry, &self.settings),
            None => Plan::of(declaration, &self.registry, &self.settings),
        }
    }

    /// Fetches what a plan names. Everything that a step can read passes here, whether a step starts, its secrets
    /// are fetched again, or a test supplies them.
    pub(super) async fn carry_out(
        &self,
        plan: &Plan,
        freshness: Freshness,
    ) -> Result<(ResolvedSecrets, Option<Reuse>), PartialResolution> {
        let deadline = Deadline::after(self.settings.timeout());
        let answers = fetch::fetch_all(plan, deadline, &self.cache, freshness).await;
        let (shared, problems) = assemble::from_answers(plan, &answers, self.run_dir.clone());
        if problems.is_empty() {
            return Ok((shared, answers.reuse()));
        }
        let error = Error::from_problems(problems).in_step(plan.step.as_deref());
        Err(PartialResolution { error, found: Some(Arc::new(shared)) })
    }
}
