use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::backends::aws::{
    sdk::scope::{AwsService, Scope},
    target::{ParsedRequest, Target},
};

/// How many secrets a batch may name
/// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html>).
pub(super) const BATCH: usize = 20;

/// The requests of a fetch, grouped by scope.
#[derive(Debug)]
pub(super) struct FetchPlan {
    pub scopes: Vec<ScopePlan>,
}

/// The targets of one scope, each once; those that a batch can fetch come first.
#[derive(Debug)]
pub(super) struct ScopePlan {
    pub scope: Scope,
    pub targets: Vec<PlannedTarget>,
}

/// A target, as the requests that it answers.
#[derive(Debug)]
pub(super) struct PlannedTarget {
    /// A request to the target, with its place among all requests.
    first: (usize, ParsedRequest),
    /// Further ones, of which there are few.
    others: Vec<(usize, ParsedRequest)>,
}

impl FetchPlan {
    /// Plans requests, each with its place among all of them. Those without a region are made in the default one.
    pub(super) fn of(mut wanted: Vec<(usize, ParsedRequest)>, default_region: &str) -> Self {
        wanted.sort_by_key(|(_, request)| !request.target.is_current());
        let mut plan = Self { scopes: Vec::new() };
        let mut known: HashMap<(usize, &Target), usize, RandomState> = HashMap::default();
        let mut counts: Vec<usize> = Vec::new();
        let mut places = Vec::with_capacity(wanted.len());
        for (_, request) in &wanted {
            let region = request.region.as_deref().unwrap_or(default_region);
            let scope = plan.scope(request.role.as_deref(), region);
            counts.resize(plan.scopes.len(), 0);
            let target = *known.entry((scope, &request.target)).or_insert_with(|| {
                counts[scope] += 1;
                counts[scope] - 1
            });
            places.push((scope, target));
        }
        drop(known);
        for (placed, (scope, target)) in wanted.into_iter().zip(places) {
            let targets = &mut plan.scopes[scope].targets;
            match targets.get_mut(target) {
                Some(known) => known.others.push(placed),
                None => targets.push(PlannedTarget { first: placed, others: Vec::new() }),
            }
        }
        plan
    }

    /// Returns the index of a scope, of which a step has few.
    fn scope(&mut self, role: Option<&str>, region: &str) -> usize {
        let is_it = |scope: &Scope| scope.role.as_deref() == role && scope.region == region;
        let known = self.scopes.iter().position(|part| is_it(&part.scope));
        known.unwrap_or_else(|| {
            let service = AwsService::SecretsManager;
            let (role, region) = (role.map(str::to_owned), region.to_owned());
            let scope = Scope { service, role, region };
            self.scopes.push(ScopePlan { scope, targets: Vec::new() });
            self.scopes.len() - 1
        })
    }
}

impl PlannedTarget {
    pub(super) fn target(&self) -> &Target {
        &self.first.1.target
    }

    /// Returns the answer to each request, with its place among all requests.
    pub(super) fn answers<A>(
        &self,
        answer: impl Fn(&ParsedRequest) -> A,
    ) -> impl Iterator<Item = (usize, A)> {
        let requests = std::iter::once(&self.first).chain(&self.others);
        requests.map(move |(place, request)| (*place, answer(request)))
    }
}

impl ScopePlan {
    /// Returns the sizes of the batches, which contain the first targets. Each of the others is a call of its own: a
    /// version, a single secret, and all of them if batches are known to be refused in this scope.
    pub(super) fn batch_sizes(&self, are_batches_refused: bool) -> Vec<usize> {
        let current = self.targets.iter().take_while(|it| it.target().is_current()).count();
        if are_batches_refused || current < 2 {
            return Vec::new();
        }
        (0..current).step_by(BATCH).map(|start| BATCH.min(current - start)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::fetch_request::FetchRequest;
    use secrets_spec::Options;

    const DEFAULT: &str = "r";

    fn plan(requests: &[(&str, Option<&str>, &str)]) -> FetchPlan {
        let wanted = requests.iter().enumerate().map(|(place, (id, stage, region))| {
            let mut options = Options::default();
            options.version_stage = stage.map(str::to_owned);
            options.region = (*region != DEFAULT).then(|| (*region).to_owned());
            (place, ParsedRequest::of(&FetchRequest::new(id, &options)))
        });
        FetchPlan::of(wanted.collect(), DEFAULT)
    }

    /// Returns the places of the requests of each target of each scope.
    fn places(plan: &FetchPlan) -> Vec<Vec<Vec<usize>>> {
        let of_target =
            |target: &PlannedTarget| target.answers(|_| ()).map(|(place, ())| place).collect();
        let of_scope = |scope: &ScopePlan| scope.targets.iter().map(of_target).collect();
        plan.scopes.iter().map(of_scope).collect()
    }

    #[test]
    fn one_secret_is_a_single_call_and_more_are_batches_of_twenty() {
        for (count, sizes) in
            [(1, vec![]), (2, vec![2]), (20, vec![20]), (21, vec![20, 1]), (50, vec![20, 20, 10])]
        {
            let names: Vec<String> = (0..count).map(|n| format!("s{n}")).collect();
            let requests: Vec<_> = names.iter().map(|n| (n.as_str(), None, "r")).collect();
            let plan = plan(&requests);
            assert_eq!(plan.scopes[0].batch_sizes(false), sizes, "{count}");
            assert!(plan.scopes[0].batch_sizes(true).is_empty(), "{count}");
        }
    }

    #[test]
    fn versions_are_single_calls_beside_the_batch() {
        let plan = plan(&[("a", Some("AWSPREVIOUS"), "r"), ("a", None, "r"), ("b", None, "r")]);
        assert_eq!(places(&plan), [[[1], [2], [0]]]);
        assert_eq!(plan.scopes[0].batch_sizes(false), [2], "the target behind it is a single call");
    }

    #[test]
    fn the_same_secret_is_asked_for_once_in_a_place() {
        let plan = plan(&[("a", None, "r"), ("a", None, "s"), ("a", None, "r")]);
        assert_eq!(places(&plan), [vec![vec![0, 2]], vec![vec![1]]]);
    }
}
