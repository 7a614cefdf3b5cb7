//! Assembles the secrets of a step from the answers: one immutable map, or every problem.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::Arc,
};

use foldhash::fast::RandomState;
use secrets_spec::{MountType, Request, VariableName};

use crate::{
    cache::answer::Answers,
    context::{
        group::{Group, RequestField, SourceFields},
        resolved::ResolvedSecrets,
        secret_files::RunDirSetting,
    },
    core::error::{ErrorKind, Problem},
    payload::{decode, fields::Fields},
    resolver::resolution::plan::{Plan, RequestPlan},
};

/// Returns the secrets of a plan that the backends returned, and every problem.
pub(crate) fn from_answers(
    plan: &Plan,
    answers: &Answers,
    run_dir: RunDirSetting,
) -> (ResolvedSecrets, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut failed: HashSet<&str> = HashSet::new();
    let mut shared = ResolvedSecrets {
        step: plan.step.as_deref().map(Box::from),
        bare: plan.bare,
        allow_override: plan.allow_override,
        groups: HashMap::with_capacity_and_hasher(plan.sources.len(), RandomState::default()),
        order: Vec::with_capacity(plan.sources.len()),
        run_dir,
        audit: None,
        refresher: None,
        #[cfg(feature = "guard")]
        guard: crate::context::resolved::GuardChoice {
            mode: secrets_spec::GuardMode::Off,
            is_of_step: false,
        },
        #[cfg(feature = "guard")]
        guarded: std::sync::OnceLock::new(),
    };
    for planned in &plan.sources {
        let answer = &answers[planned.fetch];
        let provenance = &answer.provenance;
        let backend = &provenance.backend;
        let fields = answer.found().and_then(|fetched| {
            let code_id = planned.code_id.as_deref();
            decode::source_fields(fetched, planned.options(), &provenance.id, code_id)
        });
        let required = planned.options().is_required();
        let (fields, absent_because) = match fields {
            Ok(fields) => (fields, None),
            Err(error) => {
                let error = error.about(&planned.as_written, Some(backend));
                let missing = error.kind() == ErrorKind::NotFound;
                if required || !missing {
                    problems.extend(error.into_problems());
                    failed.insert(&planned.group);
                    continue;
                }
                (Fields::default(), error.into_problems().pop())
            }
        };
        let source_fields = SourceFields {
            origin: planned.as_written.clone(),
            short_group: planned.short_group.as_deref().map(Box::from),
            provenance: plan.provenance(provenance),
            fields,
            absent_because,
            lease_hold: answer.lease.clone(),
        };
        group(&mut shared, &planned.group).source = Some(source_fields);
    }
    for RequestPlan { fetch, request } in &plan.requests {
        let answer = &answers[*fetch];
        let provenance = &answer.provenance;
        match answer.found().and_then(|fetched| decode::requested_field(fetched, request)) {
            Ok(field) => {
                let provenance = plan.provenance(provenance);
                let variable = variable_of(request, &plan.flyte_prefix);
                let request = request.clone();
                let lease = answer.lease.clone();
                let requested =
                    RequestField { request, provenance, field, variable, lease_hold: lease };
                let name = Arc::from(requested.request.view().group);
                let group = group(&mut shared, &name);
                group.requests.push(requested);
            }
            Err(error) => {
                let error = error.about(&request.to_string(), Some(&provenance.backend));
                problems.extend(error.into_problems());
                failed.insert(request.view().group);
            }
        }
    }
    // An incomplete group is removed: otherwise a read of its missing part would be reported too, as if it were not
    // declared.
    shared.groups.retain(|group, _| !failed.contains(&**group));
    (shared, problems)
}

fn group<'a>(shared: &'a mut ResolvedSecrets, name: &Arc<str>) -> &'a mut Group {
    match shared.groups.entry(name.clone()) {
        Entry::Occupied(group) => group.into_mut(),
        Entry::Vacant(entry) => {
            shared.order.push(name.clone());
            entry.insert(Group::default())
        }
    }
}

/// Returns the environment variable that also gets the value of a request.
fn variable_of(request: &Request, prefix: &str) -> Option<String> {
    let view = request.view();
    match (view.env_var, view.mount_requirement) {
        (Some(name), _) => Some(name.to_owned()),
        (None, MountType::ENV_VAR) => Some(VariableName::map(&view.flyte_variable(prefix))),
        (None, _) => None,
    }
}
