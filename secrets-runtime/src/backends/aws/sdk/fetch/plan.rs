use std::{collections::HashMap, ops::Range};

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
    /// For each request the indices of its scope, and of its target in it.
    pub places: Vec<(usize, usize)>,
}

/// The targets of one scope, each once; those that a batch can fetch come first.
#[derive(Debug)]
pub(super) struct ScopePlan {
    pub scope: Scope,
    pub targets: Vec<Target>,
}

/// The calls that fetch the targets of one scope.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Calls {
    pub batches: Vec<Range<usize>>,
    pub singles: Range<usize>,
}

impl FetchPlan {
    /// Plans the requests, each with its region.
    pub(super) fn of(wanted: &[(ParsedRequest, String)]) -> Self {
        let mut plan = Self { scopes: Vec::new(), places: vec![(0, 0); wanted.len()] };
        let mut order: Vec<usize> = (0..wanted.len()).collect();
        order.sort_by_key(|index| !wanted[*index].0.target.is_current());
        let mut known: HashMap<(usize, &Target), usize> = HashMap::new();
        for index in order {
            let (wanted, region) = &wanted[index];
            let at = plan.scope(wanted.role.as_deref(), region);
            let targets = &mut plan.scopes[at].targets;
            let target = *known.entry((at, &wanted.target)).or_insert_with(|| {
                targets.push(wanted.target.clone());
                targets.len() - 1
            });
            plan.places[index] = (at, target);
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

impl ScopePlan {
    /// Returns the calls: one for a single secret and for each request of a version, and batches for all others,
    /// unless batches are known to be refused in this scope.
    pub(super) fn calls(&self, batch_refused: bool) -> Calls {
        let current = self.targets.iter().take_while(|target| target.is_current()).count();
        if batch_refused || current < 2 {
            return Calls { batches: Vec::new(), singles: 0..self.targets.len() };
        }
        let batches = (0..current).step_by(BATCH);
        Calls {
            batches: batches.map(|start| start..current.min(start + BATCH)).collect(),
            singles: current..self.targets.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::fetch_request::FetchRequest;
    use secrets_spec::Options;

    fn plan(requests: &[(&str, Option<&str>, &str)]) -> FetchPlan {
        let wanted = requests.iter().map(|(id, stage, region)| {
            let mut options = Options::default();
            options.version_stage = stage.map(str::to_owned);
            (ParsedRequest::of(&FetchRequest::new(id, &options)), (*region).to_owned())
        });
        FetchPlan::of(&wanted.collect::<Vec<_>>())
    }

    #[test]
    fn one_secret_is_a_single_call_and_more_are_batches_of_twenty() {
        for count in [1, 2, 20] {
            let (batches, singles) = match count {
                1 => (vec![], 0..1),
                count => (std::iter::once(0..count).collect(), count..count),
            };
            let names: Vec<String> = (0..count).map(|n| format!("s{n}")).collect();
            let requests: Vec<_> = names.iter().map(|n| (n.as_str(), None, "r")).collect();
            assert_eq!(plan(&requests).scopes[0].calls(false), Calls { batches, singles });
            let refused = Calls { batches: vec![], singles: 0..count };
            assert_eq!(plan(&requests).scopes[0].calls(true), refused);
        }
        let names: Vec<String> = (0..50).map(|n| format!("s{n}")).collect();
        let requests: Vec<_> = names.iter().map(|n| (n.as_str(), None, "r")).collect();
        let batches = vec![0..20, 20..40, 40..50];
        assert_eq!(plan(&requests).scopes[0].calls(false), Calls { batches, singles: 50..50 });
    }

    #[test]
    fn versions_are_single_calls_beside_the_batch() {
        let plan = plan(&[("a", Some("AWSPREVIOUS"), "r"), ("a", None, "r"), ("b", None, "r")]);
        assert_eq!(plan.places, [(0, 2), (0, 0), (0, 1)]);
        assert_eq!(
            plan.scopes[0].calls(false),
            Calls { batches: std::iter::once(0..2).collect(), singles: 2..3 }
        );
    }

    #[test]
    fn the_same_secret_is_asked_for_once_in_a_place() {
        let plan = plan(&[("a", None, "r"), ("a", None, "s"), ("a", None, "r")]);
        assert_eq!(plan.places, [(0, 0), (1, 0), (0, 0)]);
    }
}
