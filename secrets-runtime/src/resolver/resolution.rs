//! From a declaration to its secrets.

use std::{sync::Arc, time::Instant};

use crate::{
    backend::generation,
    cache::{backend_call::Limit, lookup::Need, step_slot::Slot},
    context::resolved::ResolvedSecrets,
    core::error::Error,
    declaration::Declaration,
    resolver::{
        Resolver, assemble, fetch, hints,
        partial::PartialResolution,
        plan::{Plan, with_attached},
        refresh::Refresher,
    },
};

impl Resolver {
    /// The secrets of a declaration, and until when they serve without another look, if all of them are kept.
    pub(crate) async fn fetch(
        &self,
        declaration: &Declaration,
        need: Need,
    ) -> Result<(Arc<ResolvedSecrets>, Option<Instant>), PartialResolution> {
        let declaration = with_attached(declaration, &self.0.settings);
        let plan = Plan::of(&declaration, &self.0.registry, &self.0.settings);
        let carried_out = self.carry_out(&plan, need).await;
        let (mut shared, until) = carried_out.map_err(|it| PartialResolution {
            error: hints::explain(it.error, &declaration, &self.0.settings),
            ..it
        })?;
        shared.refresher = Some(Arc::new(Refresher::new(self.clone(), plan)));
        Ok((Arc::new(shared), until))
    }

    /// The secrets of a step's declaration; what the next call may use is put into its slot.
    pub(crate) async fn fetch_for(
        &self,
        declaration: &Declaration,
        slot: &'static Slot,
    ) -> Result<Arc<ResolvedSecrets>, PartialResolution> {
        let changes = generation::changes();
        let (shared, until) = self.fetch(declaration, Need::Fresh).await?;
        if let (Some(until), Some(cache)) = (until, &self.0.cache) {
            slot.fill(&shared, until, changes, cache);
        }
        Ok(shared)
    }

    pub(super) async fn carry_out(
        &self,
        plan: &Plan,
        need: Need,
    ) -> Result<(ResolvedSecrets, Option<Instant>), PartialResolution> {
        let limit = Limit::of(self.0.settings.timeout());
        let answers = fetch::fetch_all(plan, limit, self.0.cache.as_ref(), need).await;
        let until = answers.iter().map(|answer| answer.kept.map(|kept| kept.until)).min();
        let (shared, problems) = assemble::from_answers(plan, answers, self.run_dir());
        if problems.is_empty() {
            return Ok((shared, until.flatten()));
        }
        let error = Error::from_problems(problems).in_step(plan.step.as_deref());
        Err(PartialResolution { error, found: Some(Arc::new(shared)) })
    }
}
