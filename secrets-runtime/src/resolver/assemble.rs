//! From the answers to the secrets of a step: one immutable map, or every problem.

use std::sync::{Arc, OnceLock};

use secrets_spec::{MountType, Request, Variable};

use super::{fetching::Answer, plan::Plan};
use crate::{
    Context, Declaration, Error, ErrorKind, Problem, Secrets,
    backends::flyte,
    decode,
    fields::{Field, Fields},
    files::{Files, RunDir},
    group::{Group, Requested, SourceFields},
    overrides::Overrides,
    secrets::Inner,
};

/// The context of a declaration, of what the backends answered.
pub(crate) fn from_answers(
    declaration: &Declaration,
    plan: &Plan,
    answers: Vec<Answer>,
    run_dir: RunDir,
) -> Result<Context, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut inner = empty(declaration, run_dir);
    for (source, planned) in declaration.sources.iter().zip(&plan.sources) {
        let fetch = &plan.fetches[planned.fetch];
        let (answer, backend) = &answers[planned.fetch];
        let fields = answer.clone().and_then(|fetched| {
            decode::source_fields(fetched, &planned.options, &fetch.id, planned.written.as_deref())
        });
        let required = planned.options.is_required();
        let (fields, absent) = match fields {
            Ok(fields) => (fields, None),
            Err(error) => {
                let error = error.about(source.origin(), Some(backend));
                let missing = error.kind() == ErrorKind::NotFound;
                if required || !missing {
                    problems.extend(error.into_problems());
                    continue;
                }
                (Fields::default(), error.into_problems().pop())
            }
        };
        let verbatim = backend == "inline";
        let source_fields = SourceFields {
            origin: source.origin().to_owned(),
            backend: backend.clone(),
            fields,
            verbatim,
            absent,
        };
        group(&mut inner, source.group()).source = Some(source_fields);
    }
    for (request, &place) in declaration.requests.iter().zip(&plan.requests) {
        let (answer, backend) = &answers[place];
        match answer.clone().and_then(|fetched| decode::requested_field(fetched, request)) {
            Ok(field) => add_request(&mut inner, request, field, backend, &plan.flyte_prefix),
            Err(error) => {
                let error = error.about(&request.to_string(), Some(backend));
                problems.extend(error.into_problems());
            }
        }
    }
    if problems.is_empty() { Ok(Context::new(Secrets::new(inner))) } else { Err(problems) }
}

/// The context of a declaration inside `testing::with_secrets`: matched by group, whatever the backend.
pub(crate) fn from_overrides(
    declaration: &Declaration,
    overrides: Arc<Overrides>,
    run_dir: RunDir,
) -> Result<Context, Error> {
    if declaration.is_empty() {
        return Ok(context_of_overrides(declaration.step(), overrides, run_dir));
    }
    let mut problems = Vec::new();
    let mut inner = empty(declaration, run_dir);
    let known = || crate::text::list(overrides.groups());
    for source in &declaration.sources {
        let mut absent = None;
        let fields = overrides.fields(source.group()).unwrap_or_else(|| {
            let message = "the test gives no secret of this group";
            let help = format!("give it to `with_secrets`; it has {}", known());
            let problem =
                Problem::new(ErrorKind::NotFound, message).of(source.group()).help_with(help);
            if source.options().is_required() {
                problems.push(problem);
            } else {
                absent = Some(problem);
            }
            Fields::default()
        });
        group(&mut inner, source.group()).source = Some(SourceFields {
            origin: source.origin().to_owned(),
            backend: "test".to_owned(),
            fields,
            verbatim: false,
            absent,
        });
    }
    for request in &declaration.requests {
        let view = request.view();
        match overrides.get(view.group, view.key) {
            Some(value) => {
                add_request(&mut inner, request, Field::text(value.clone()), "test", "_FSEC_");
            }
            None => {
                let message = "the test gives no secret of this group and key";
                let help = format!("give it to `with_secrets`; it has the groups {}", known());
                let problem = Problem::new(ErrorKind::NotFound, message);
                problems.push(problem.of(request.to_string()).help_with(help));
            }
        }
    }
    inner.overrides = Some(overrides);
    if problems.is_empty() {
        return Ok(Context::new(Secrets::new(inner)));
    }
    Err(Error::from_problems(problems).in_step(declaration.step()))
}

/// A context that has everything a test gave.
pub(crate) fn context_of_overrides(
    step: Option<&str>,
    overrides: Arc<Overrides>,
    run_dir: RunDir,
) -> Context {
    let mut inner = empty(&Declaration::empty(step.map(str::to_owned)), run_dir);
    for name in overrides.groups() {
        group(&mut inner, name).source = Some(SourceFields {
            origin: name.to_owned(),
            backend: "test".to_owned(),
            fields: overrides.fields(name).unwrap_or_default(),
            verbatim: false,
            absent: None,
        });
    }
    inner.overrides = Some(overrides);
    Context::new(Secrets::new(inner))
}

fn empty(declaration: &Declaration, run_dir: RunDir) -> Inner {
    Inner {
        step: declaration.step().map(Box::from),
        bare: declaration.is_empty(),
        allow_override: declaration.allow_override,
        groups: std::collections::HashMap::default(),
        order: Vec::new(),
        overrides: None,
        variables: OnceLock::new(),
        files: Files::new(run_dir),
    }
}

fn group<'a>(inner: &'a mut Inner, name: &str) -> &'a mut Group {
    if !inner.groups.contains_key(name) {
        inner.order.push(Box::from(name));
    }
    inner.groups.entry(Box::from(name)).or_default()
}

fn add_request(inner: &mut Inner, request: &Request, field: Field, backend: &str, prefix: &str) {
    let view = request.view();
    let variable = match (view.env_var, view.mount_requirement) {
        (Some(name), _) => Some(name.to_owned()),
        (None, MountType::ENV_VAR) => Some(Variable::map(&flyte::variable_of(&view, prefix))),
        (None, _) => None,
    };
    let requested =
        Requested { request: request.clone(), backend: backend.to_owned(), field, variable };
    group(inner, view.group).requests.push(requested);
}
