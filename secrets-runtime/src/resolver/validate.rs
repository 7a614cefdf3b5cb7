//! Validation: checks that declared secrets exist, before a step needs them.

use std::collections::HashMap;

use secrets_spec::closest;

use crate::{
    backend::BoxFuture,
    cache::{
        answer::{Answer, Answers},
        backend_call::Deadline,
    },
    context::freshness::Freshness,
    core::{
        error::{Error, ErrorKind, Problem},
        escape,
    },
    declaration::Declaration,
    payload::{decode, fields::Fields},
    resolver::{
        Resolver, hints,
        report::Report,
        resolution::{
            fetch,
            plan::{self, Plan, RequestPlan},
        },
    },
    rt::block_on::block_on,
    settings::validation_level::ValidationLevel,
};

impl Resolver {
    /// Checks whether the secrets that the declaration names exist.
    ///
    /// - [`ValidationLevel::None`] checks nothing.
    /// - [`ValidationLevel::SecretExists`] reads no value if the backend can answer without, so the right to
    ///   list is enough.
    /// - [`ValidationLevel::SecretAndKeyExists`] fetches each secret once. The secret must decode, and must have the
    ///   requested keys.
    ///
    /// ```
    /// use secrets_runtime::{Declaration, Error, ErrorKind, Resolver, ValidationLevel};
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let resolver = Resolver::builder().default_backend("env").build()?;
    /// let declaration = Declaration::builder("load").source("PATH")?.source("NO_SUCH_VARIABLE")?.build();
    /// let report = resolver.validate(ValidationLevel::SecretExists, &declaration).await;
    /// assert!(!report.is_ok());
    /// assert_eq!(report.problems()[0].origin(), "NO_SUCH_VARIABLE");
    /// assert_eq!(report.problems()[0].kind(), ErrorKind::NotFound);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn validate<'a>(
        &'a self,
        level: ValidationLevel,
        declaration: &'a Declaration,
    ) -> BoxFuture<'a, Report> {
        Box::pin(async move { self.validate_all(level, &[declaration]).await })
    }

    /// Blocking version of [`validate`](Self::validate): parks this thread; works inside and outside any
    /// runtime.
    pub fn validate_blocking(&self, level: ValidationLevel, declaration: &Declaration) -> Report {
        block_on(self.validate(level, declaration))
    }

    /// Returns the validation level of the settings.
    #[must_use]
    pub fn validation_level(&self) -> ValidationLevel {
        self.0.settings.validation_level()
    }

    /// Validates several declarations together: a secret that several of them name is checked once.
    pub(crate) async fn validate_all(
        &self,
        level: ValidationLevel,
        declarations: &[&Declaration],
    ) -> Report {
        let mut report = Report::default();
        if level == ValidationLevel::None {
            return report;
        }
        let resolver = self.for_caller().0;
        let settings = &resolver.settings;
        let attached = |one: &&Declaration| plan::with_attached(one, settings).into_owned();
        let declarations: Vec<Declaration> = declarations.iter().map(attached).collect();
        let mut all = Plan::of(&Declaration::empty(None), &resolver.registry, settings);
        let mut plans = Vec::new();
        for declaration in &declarations {
            let mut plan = resolver.plan(declaration);
            all.take_fetches(&mut plan);
            plans.push(plan);
        }
        let deadline = Deadline::after(settings.timeout());
        if level == ValidationLevel::SecretExists {
            let answers = fetch::look_for_all(&all, deadline, &resolver.cache).await;
            plans.iter().for_each(|plan| existing(plan, &answers, &mut report));
        } else {
            let fetched = fetch::fetch_all(&all, deadline, &resolver.cache, Freshness::Unexpired);
            let answers = fetched.await;
            for (declaration, plan) in declarations.iter().zip(&plans) {
                let validation = Validation { plan, answers: &answers };
                validation.check(declaration, &mut report);
            }
        }
        let sources: Vec<_> = declarations.iter().map(hints::by_origin).collect();
        report.help_with(|problem| {
            sources.iter().find_map(|sources| hints::help(problem, sources, settings))
        });
        report
    }
}

/// Reports the answers of an existence check.
fn existing(plan: &Plan, answers: &Answers<()>, report: &mut Report) {
    for planned in &plan.sources {
        let Answer { result: answer, provenance, .. } = &answers[planned.fetch];
        let backend = &provenance.backend;
        let optional = !planned.options().is_required();
        let error = answer.clone().err().filter(|e| !(optional && e.kind() == ErrorKind::NotFound));
        report.add(&planned.as_written, Some(backend), error);
    }
    for RequestPlan { fetch, request } in &plan.requests {
        let Answer { result: answer, provenance, .. } = &answers[*fetch];
        let backend = &provenance.backend;
        report.add(&request.to_string(), Some(backend), answer.clone().err());
    }
}

/// Checks fetched secrets as a step would read them.
struct Validation<'a> {
    plan: &'a Plan,
    answers: &'a Answers,
}

impl Validation<'_> {
    fn check(&self, declaration: &Declaration, report: &mut Report) {
        let mut keys: HashMap<&str, Vec<&str>> = HashMap::new();
        for (group, key) in &declaration.keys {
            keys.entry(group).or_default().push(key);
        }
        for planned in &self.plan.sources {
            let answer = &self.answers[planned.fetch];
            let backend = &answer.provenance.backend;
            let fields = answer.found().and_then(|fetched| {
                let code_id = planned.code_id.as_deref();
                let id = &answer.provenance.id;
                decode::source_fields(fetched, planned.options(), id, code_id)
            });
            match fields {
                Ok(fields) => {
                    report.add(&planned.as_written, Some(backend), None);
                    for key in keys.get(&*planned.group).into_iter().flatten() {
                        let missing = fields.get(key).is_none();
                        let error = missing.then(|| missing_key(key, &fields));
                        let name = format!("{}/{key}", planned.group);
                        report.add(&name, Some(backend), error);
                    }
                }
                Err(error) => {
                    let optional = !planned.options().is_required();
                    let absent = optional && error.kind() == ErrorKind::NotFound;
                    report.add(&planned.as_written, Some(backend), Some(error).filter(|_| !absent));
                }
            }
        }
        for RequestPlan { fetch, request } in &self.plan.requests {
            let answer = &self.answers[*fetch];
            let backend = &answer.provenance.backend;
            let read = answer.found().and_then(|found| decode::requested_field(found, request));
            report.add(&request.to_string(), Some(backend), read.err());
        }
    }
}

fn missing_key(key: &str, fields: &Fields) -> Error {
    let message = format!("the secret has no field `{}`", escape::escape_name(key));
    let known = fields.names();
    let mut help = match closest(key, fields.iter().map(|(name, _)| name)) {
        Some(near) => format!("did you mean `{near}`? its fields are {known}"),
        None => format!("its fields are {known}"),
    };
    if fields.look_like_json() {
        help.push_str("; its text looks like JSON: set options = { json = true }");
    }
    Error::from_problems(vec![Problem::new(ErrorKind::KeyNotFound, message).with_help(help)])
}
