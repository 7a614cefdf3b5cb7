//! From the answers to the secrets of a step: one immutable map, or every problem.

use std::sync::Arc;

use secrets_spec::{MountType, Request, VariableName};

use crate::{
    backends::flyte,
    cache::answer::{Answer, Answers},
    context::{
        Context,
        group::{Group, RequestField, SourceFields},
        provenance::Provenance,
        resolved::ResolvedSecrets,
        secret_files::RunDirSetting,
        secrets::Secrets,
        test_secrets::TestSecrets,
    },
    core::error::{Error, ErrorKind, Problem},
    declaration::Declaration,
    payload::{
        decode,
        fields::{Field, Fields},
    },
    resolver::plan::{Plan, RequestPlan},
};

/// The secrets of a plan, of what the backends answered, and everything that is wrong with any.
pub(crate) fn from_answers(
    plan: &Plan,
    answers: &Answers,
    run_dir: RunDirSetting,
) -> (ResolvedSecrets, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut failed: Vec<&str> = Vec::new();
    let mut shared = ResolvedSecrets {
        step: plan.step.as_deref().map(Box::from),
        bare: plan.bare,
        allow_override: plan.allow_override,
        ..empty(run_dir)
    };
    for planned in &plan.sources {
        let Answer { result, provenance, .. } = &answers[planned.fetch];
        let backend = &provenance.backend;
        let fields = result.clone().and_then(|fetched| {
            let written = planned.written.as_deref();
            decode::source_fields(fetched, &planned.options, &provenance.id, written)
        });
        let required = planned.options.is_required();
        let (fields, absent_because) = match fields {
            Ok(fields) => (fields, None),
            Err(error) => {
                let error = error.about(&planned.origin, Some(backend));
                let missing = error.kind() == ErrorKind::NotFound;
                if required || !missing {
                    problems.extend(error.into_problems());
                    failed.push(&planned.group);
                    continue;
                }
                (Fields::default(), error.into_problems().pop())
            }
        };
        let source_fields = SourceFields {
            origin: planned.origin.clone(),
            provenance: provenance.clone(),
            fields,
            absent_because,
        };
        group(&mut shared, &planned.group).source = Some(source_fields);
    }
    for RequestPlan { fetch, request } in &plan.requests {
        let Answer { result, provenance, .. } = &answers[*fetch];
        match result.clone().and_then(|fetched| decode::requested_field(fetched, request)) {
            Ok(field) => {
                let provenance = provenance.clone();
                add_request(&mut shared, request, provenance, field, &plan.flyte_prefix);
            }
            Err(error) => {
                let error = error.about(&request.to_string(), Some(&provenance.backend));
                problems.extend(error.into_problems());
                failed.push(request.view().group);
            }
        }
    }
    // An incomplete group is removed: a read of what it lacks would be reported again, as if nobody had asked for it.
    shared.groups.retain(|group, _| !failed.contains(&&**group));
    (shared, problems)
}

/// The context of a declaration inside `testing::with_secrets`: matched by group, whatever the backend.
pub(crate) fn from_test_secrets(
    declaration: &Declaration,
    test_secrets: Arc<TestSecrets>,
    run_dir: RunDirSetting,
) -> Result<Context, Error> {
    if declaration.is_empty() {
        return Ok(context_of_test_secrets(declaration.step(), test_secrets, run_dir));
    }
    let mut problems = Vec::new();
    let mut shared = of_declaration(declaration, run_dir);
    let known = || crate::core::escape::backquoted_list(test_secrets.groups());
    for source in &declaration.sources {
        let mut absent_because = None;
        let fields = test_secrets.fields(source.group()).unwrap_or_else(|| {
            let message = "the test gives no secret of this group";
            let help = format!("give it to `with_secrets`; it has {}", known());
            let problem = Problem::new(ErrorKind::NotFound, message)
                .with_origin(source.group())
                .with_help(help);
            if source.options().is_required() {
                problems.push(problem);
            } else {
                absent_because = Some(problem);
            }
            Fields::default()
        });
        group(&mut shared, source.group()).source = Some(SourceFields {
            origin: source.origin().to_owned(),
            provenance: Provenance::of_test(source.group()),
            fields,
            absent_because,
        });
    }
    for request in &declaration.requests {
        let view = request.view();
        match test_secrets.get(view.group, view.key) {
            Some(value) => {
                let field = Field::text(value.clone());
                let provenance = Provenance::of_test(view.group);
                add_request(&mut shared, request, provenance, field, "_FSEC_");
            }
            None => {
                let message = "the test gives no secret of this group and key";
                let help = format!("give it to `with_secrets`; it has the groups {}", known());
                let problem = Problem::new(ErrorKind::NotFound, message);
                problems.push(problem.with_origin(request.to_string()).with_help(help));
            }
        }
    }
    shared.test_secrets = Some(test_secrets);
    if problems.is_empty() {
        return Ok(Context::new(Secrets::new(Arc::new(shared))));
    }
    Err(Error::from_problems(problems).in_step(declaration.step()))
}

/// A context that has everything a test gave.
pub(crate) fn context_of_test_secrets(
    step: Option<&str>,
    test_secrets: Arc<TestSecrets>,
    run_dir: RunDirSetting,
) -> Context {
    let declaration = Declaration::empty(step.map(str::to_owned));
    let mut shared = of_declaration(&declaration, run_dir);
    for name in test_secrets.groups() {
        group(&mut shared, name).source = Some(SourceFields {
            origin: name.to_owned(),
            provenance: Provenance::of_test(name),
            fields: test_secrets.fields(name).unwrap_or_default(),
            absent_because: None,
        });
    }
    shared.test_secrets = Some(test_secrets);
    Context::new(Secrets::new(Arc::new(shared)))
}

fn of_declaration(declaration: &Declaration, run_dir: RunDirSetting) -> ResolvedSecrets {
    ResolvedSecrets {
        step: declaration.step().map(Box::from),
        bare: declaration.is_empty(),
        allow_override: declaration.allow_override,
        ..empty(run_dir)
    }
}

fn empty(run_dir: RunDirSetting) -> ResolvedSecrets {
    ResolvedSecrets {
        step: None,
        bare: false,
        allow_override: false,
        groups: std::collections::HashMap::default(),
        order: Vec::new(),
        test_secrets: None,
        run_dir,
        refresher: None,
    }
}

fn group<'a>(shared: &'a mut ResolvedSecrets, name: &str) -> &'a mut Group {
    if !shared.groups.contains_key(name) {
        shared.order.push(Box::from(name));
    }
    shared.groups.entry(Box::from(name)).or_default()
}

fn add_request(
    shared: &mut ResolvedSecrets,
    request: &Request,
    provenance: Provenance,
    field: Field,
    prefix: &str,
) {
    let view = request.view();
    let variable = match (view.env_var, view.mount_requirement) {
        (Some(name), _) => Some(name.to_owned()),
        (None, MountType::ENV_VAR) => Some(VariableName::map(&flyte::variable_of(&view, prefix))),
        (None, _) => None,
    };
    let requested = RequestField { request: request.clone(), provenance, field, variable };
    let group = group(shared, requested.request.view().group);
    group.requests.push(requested);
}
