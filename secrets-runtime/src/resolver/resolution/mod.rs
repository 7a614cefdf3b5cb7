//! From a declaration to its secrets.

pub(crate) mod assemble;
mod audited;
pub(crate) mod fetch;
pub(crate) mod partial;
pub(crate) mod plan;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, sync::Arc};

#[cfg(feature = "guard")]
use crate::context::resolved::GuardChoice;
#[cfg(feature = "mask")]
use crate::mask;
use crate::{
    audit::call::AuditedCall,
    cache::{answer::Reuse, backend_call::Deadline, step_cache::StepCache},
    context::{Barrier, freshness::Freshness, resolved::ResolvedSecrets},
    core::{error::Error, origin::Origin},
    declaration::Declaration,
    resolver::{
        Resolver, ResolverState, hints,
        refresh::Refresher,
        resolution::{
            audited::AuditedResolution,
            partial::PartialResolution,
            plan::{Plan, with_attached},
        },
    },
};

/// The outcome of a plan.
pub(super) struct Resolution {
    /// The secrets that were found.
    pub shared: ResolvedSecrets,
    /// All problems, if there are any.
    pub error: Option<Error>,
    /// The entries of the secrets, if all of them are cached: later calls may then use the result.
    pub reuse: Option<Reuse>,
}

impl Resolver {
    /// Returns the secrets of a declaration, and their entries if all of them are cached.
    pub(crate) async fn fetch(
        &self,
        declaration: &Declaration,
        freshness: Freshness,
    ) -> Result<(Arc<ResolvedSecrets>, Option<Reuse>), PartialResolution> {
        let resolver = self.for_caller();
        let declaration = with_attached(declaration, &resolver.0.settings);
        let mut plan = resolver.0.plan(&declaration);
        if let Cow::Owned(_) = declaration {
            plan.origin = Some(Origin::Launch);
        }
        let trail = resolver.0.audit.clone();
        let call = trail.map(|trail| Arc::new(AuditedCall::begin(trail, plan.step.as_deref())));
        let resolution = resolver.0.resolve_plan(&plan, freshness, call.as_ref()).await;
        let Resolution { mut shared, error, reuse } = resolution;
        shared.refresher = Some(Arc::new(Refresher::new(resolver.inner().clone(), plan, call)));
        #[cfg(feature = "guard")]
        {
            let mode = declaration.guard.unwrap_or(resolver.0.settings.guard);
            shared.guard = GuardChoice { mode, is_of_step: declaration.guard.is_some() };
        }
        let shared = Arc::new(shared);
        match error {
            None => Ok((shared, reuse)),
            Some(error) => Err(PartialResolution {
                error: hints::explain(error, &declaration, &resolver.0.settings),
                found: Some(shared),
            }),
        }
    }

    /// Returns the secrets of a step's declaration. If the next call may use them, they are stored in the slot of the
    /// step.
    pub(crate) async fn fetch_for(
        &self,
        declaration: &Declaration,
        slot: &StepCache,
    ) -> Result<Arc<ResolvedSecrets>, PartialResolution> {
        let (shared, reuse) = self.fetch(declaration, Freshness::Unexpired).await?;
        if let Some(reuse) = reuse {
            slot.set(&shared, reuse, &self.0.cache);
        }
        Ok(shared)
    }
}

impl ResolverState {
    /// Plans a declaration.
    pub(super) fn plan(&self, declaration: &Declaration) -> Plan {
        // A backend that is part of the program does not see the secrets of the step that calls it.
        let _outside = Barrier::outside();
        match &self.test {
            Some(table) => table.plan(declaration, &self.registry, &self.settings),
            None => Plan::of(declaration, &self.registry, &self.settings),
        }
    }

    /// Fetches the secrets of a plan. All secrets that a step can read pass here: when it starts, when its secrets are
    /// fetched again, and when a test supplies them.
    pub(super) async fn resolve_plan(
        &self,
        plan: &Plan,
        freshness: Freshness,
        call: Option<&Arc<AuditedCall>>,
    ) -> Resolution {
        let audited = call.map(|call| AuditedResolution::start(call, freshness));
        let deadline = Deadline::after(self.settings.timeout());
        let answers = fetch::fetch_all(plan, deadline, &self.cache, freshness).await;
        let (mut shared, mut problems) =
            assemble::from_answers(plan, &answers, self.run_dir.clone());
        shared.audit = call.cloned();
        if let Some(Err(error)) = audited.map(|audited| audited.record(plan, &shared, &problems)) {
            // Secrets that cannot be recorded must not be read.
            shared.groups.clear();
            problems.extend(error.into_problems());
        }
        #[cfg(feature = "mask")]
        mask::process::add_fields(shared.in_order().flat_map(|(name, group)| {
            group.values().into_iter().map(move |(key, field)| (name, key, field))
        }));
        let error = (!problems.is_empty())
            .then(|| Error::from_problems(problems).in_step(plan.step.as_deref()));
        // Each call of a step has events of its own.
        let is_reusable = error.is_none() && call.is_none();
        let reuse = if is_reusable { answers.reuse() } else { None };
        Resolution { shared, error, reuse }
    }
}
