use std::collections::{HashMap, HashSet};

use secrets_spec::ParameterId;

use crate::backends::aws::{
    parameter::{ParameterRequest, ParameterTarget},
    sdk::scope::{AwsService, Scope},
};

/// How many parameters a request may name
/// (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html>).
const MAX_NAMES: usize = 10;

/// The requests of a fetch, grouped by scope.
#[derive(Debug, Default)]
pub(super) struct ParameterPlan {
    pub scopes: Vec<ParameterScope>,
    /// For each request the indices of its scope, and of its target in it.
    pub places: Vec<(usize, usize)>,
}

/// The targets of one scope, each once.
#[derive(Debug)]
pub(super) struct ParameterScope {
    pub scope: Scope,
    pub targets: Vec<ParameterTarget>,
}

impl ParameterPlan {
    /// Plans the requests, each with its region.
    pub(super) fn of<'a>(wanted: impl Iterator<Item = (&'a ParameterRequest, &'a str)>) -> Self {
        let mut plan = Self::default();
        let mut known: HashMap<(usize, &ParameterTarget), usize> = HashMap::new();
        for (request, region) in wanted {
            let service = AwsService::ParameterStore;
            let scope = Scope { service, role: request.role.clone(), region: region.to_owned() };
            let at = plan.scopes.iter().position(|known| known.scope == scope);
            let at = at.unwrap_or_else(|| {
                plan.scopes.push(ParameterScope { scope, targets: Vec::new() });
                plan.scopes.len() - 1
            });
            let targets = &mut plan.scopes[at].targets;
            let target = *known.entry((at, &request.target)).or_insert_with(|| {
                targets.push(request.target.clone());
                targets.len() - 1
            });
            plan.places.push((at, target));
        }
        plan
    }
}

impl ParameterScope {
    /// Returns the indices of the parameters that each request names. Two versions of one parameter are in two requests,
    /// since an answer need not say which of them it is. So are its name and its ARN.
    pub(super) fn batches(&self) -> Vec<Vec<usize>> {
        let mut batches: Vec<(Vec<usize>, HashSet<&str>)> = Vec::new();
        for (index, target) in self.targets.iter().enumerate() {
            let ParameterTarget::One(id) = target else { continue };
            let name = ParameterId::parse(id).map_or(id.as_str(), |id| id.resource());
            let fits = |(batch, names): &&mut (Vec<usize>, HashSet<&str>)| {
                batch.len() < MAX_NAMES && !names.contains(name)
            };
            match batches.iter_mut().find(fits) {
                Some((batch, names)) => {
                    batch.push(index);
                    names.insert(name);
                }
                None => batches.push((vec![index], HashSet::from([name]))),
            }
        }
        batches.into_iter().map(|(batch, _)| batch).collect()
    }

    /// Returns the paths whose parameters are a set, each with its index.
    pub(super) fn sets(&self) -> impl Iterator<Item = (usize, &str)> {
        self.targets.iter().enumerate().filter_map(|(index, target)| match target {
            ParameterTarget::Set(path) => Some((index, path.as_str())),
            ParameterTarget::One(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::fetch_request::FetchRequest;

    fn plan(ids: &[&str], region: &str) -> ParameterPlan {
        let parse = |id: &&str| ParameterRequest::of(&FetchRequest::named(id)).unwrap();
        let requests: Vec<_> = ids.iter().map(parse).collect();
        ParameterPlan::of(requests.iter().map(|it| (it, it.region.as_deref().unwrap_or(region))))
    }

    #[test]
    fn ten_are_one_request_and_equal_ones_are_asked_for_once() {
        let names: Vec<String> = (0..25).map(|n| format!("p{n}")).collect();
        let mut ids: Vec<&str> = names.iter().map(String::as_str).collect();
        ids.extend(["p0", "p1"]);
        let plan = plan(&ids, "r");
        let lengths: Vec<_> = plan.scopes[0].batches().iter().map(Vec::len).collect();
        assert_eq!((plan.scopes.len(), lengths), (1, vec![10, 10, 5]));
        assert_eq!((plan.places[25], plan.places[26]), ((0, 0), (0, 1)));
    }

    #[test]
    fn versions_of_one_parameter_are_in_requests_of_their_own() {
        let plan = plan(&["a", "a:1", "b", "a:live", "/c/*"], "r");
        assert_eq!(plan.scopes[0].batches(), [vec![0, 2], vec![1], vec![3]]);
        assert_eq!(plan.scopes[0].sets().collect::<Vec<_>>(), [(4, "/c")]);
    }

    #[test]
    fn a_name_and_an_arn_of_one_parameter_are_in_requests_of_their_own() {
        let arn = "arn:aws:ssm:us-east-1:123456789012:parameter";
        let (versioned, shared) = (format!("{arn}/a/b:1"), format!("{arn}/c"));
        let plan = plan(&["/a/b", &versioned, "c", &shared], "us-east-1");
        assert_eq!(plan.scopes[0].batches(), [vec![0, 2], vec![1, 3]]);
    }

    #[test]
    fn each_region_is_a_scope() {
        let arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/a";
        let plan = plan(&["a", arn], "us-east-1");
        let regions: Vec<_> = plan.scopes.iter().map(|it| it.scope.region.as_str()).collect();
        assert_eq!(regions, ["us-east-1", "eu-west-1"]);
    }
}
