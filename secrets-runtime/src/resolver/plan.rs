//! What is to be fetched: for each source and request its chain of backends, its role and its place among
//! the fetches, of which equal ones are one.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use foldhash::fast::RandomState;
use secrets_spec::{BackendType, BuiltIn, MountType, Options, Request, Source, SourceRole};

use crate::{
    backend::{Backend, owned_request::OwnedRequest},
    cache::fetch_map::{FetchId, FetchMap},
    core::{error::Problem, warning::warn_once},
    declaration::Declaration,
    resolver::registry::Registry,
    settings::{Settings, mapping::MappedSource},
};

/// Everything a declaration needs.
pub(crate) struct Plan {
    pub step: Option<String>,
    /// Nothing is declared.
    pub bare: bool,
    pub allow_override: bool,
    pub fetches: FetchMap<Fetch>,
    pub sources: Vec<SourcePlan>,
    pub requests: Vec<RequestPlan>,
    /// The prefix of the variables that Flyte names.
    pub flyte_prefix: String,
    /// The fetches of each secret's id.
    by_id: HashMap<String, Vec<FetchId>, RandomState>,
}

/// Which fetch a source is of, and how its answer is read.
#[derive(Clone)]
pub(crate) struct SourcePlan {
    pub fetch: FetchId,
    /// As it is written.
    pub origin: String,
    pub group: String,
    pub options: Options,
    /// The id as the code wrote it, where a setting maps the source to another.
    pub written: Option<String>,
}

/// Which fetch a request is of.
#[derive(Clone)]
pub(crate) struct RequestPlan {
    pub fetch: FetchId,
    pub request: Request,
}

/// One secret to fetch.
#[derive(Clone)]
pub(crate) struct Fetch {
    pub request: OwnedRequest,
    /// The backends to ask, in order; or why there are none.
    pub chain: Result<Vec<Arc<dyn Backend>>, Problem>,
}

impl Plan {
    /// Plans everything. What has no backend is planned too: the others are asked all the same, so that every
    /// problem is in the one error.
    pub(crate) fn of(declaration: &Declaration, registry: &Registry, settings: &Settings) -> Self {
        let mut plan = Self {
            step: declaration.step().map(str::to_owned),
            bare: declaration.is_empty(),
            allow_override: declaration.allow_override,
            fetches: FetchMap::default(),
            sources: Vec::new(),
            requests: Vec::new(),
            flyte_prefix: settings.flyte_env_prefix().to_owned(),
            by_id: HashMap::default(),
        };
        for source in &declaration.sources {
            let mapped = mapped(source, settings);
            let request = OwnedRequest {
                id: mapped.id().to_owned(),
                key: None,
                group_version: None,
                env_var: None,
                role: None,
                options: mapped.options().clone(),
            };
            let chain = chain(mapped.backend(), mapped.is_arn(), registry, settings);
            if mapped.backend().is_some_and(|b| b.is(BuiltIn::Inline)) && !declaration.in_test {
                let id = mapped.id();
                let text =
                    format!("the values of the inline source `{id}` are part of the program");
                warn_once(&text);
            }
            let role = [mapped.role(), &declaration.role];
            let fetch = plan.add(Fetch { request, chain }, &role, settings);
            let written = matches!(mapped, Cow::Owned(_)).then(|| source.id().to_owned());
            plan.sources.push(SourcePlan {
                fetch,
                origin: source.origin().to_owned(),
                group: source.group().to_owned(),
                options: mapped.options().clone(),
                written,
            });
        }
        for request in &declaration.requests {
            let mut fetch = Fetch::of_request(request);
            let mapped = settings.mapped(request.view().group);
            let mut roles = vec![&declaration.role];
            if let Some(mapped) = mapped {
                fetch.request.options = mapped.options().clone();
                fetch.request.id = mapped.id().unwrap_or(&fetch.request.id).to_owned();
                roles.insert(0, mapped.role());
            }
            let backend = mapped.and_then(MappedSource::backend);
            // An ARN in the code is split between group and key, and goes to the default backend as any
            // request does; one that a setting names is AWS's.
            let is_arn = mapped.and_then(MappedSource::id).is_some_and(|id| id.starts_with("arn:"));
            fetch.chain = chain(backend, is_arn, registry, settings);
            let fetch = plan.add(fetch, &roles, settings);
            plan.requests.push(RequestPlan { fetch, request: request.clone() });
        }
        plan
    }

    /// Takes over what another plan fetches; the other then says where here each of its fetches is.
    pub(crate) fn take_fetches(&mut self, other: &mut Self) {
        let fetches = std::mem::take(&mut other.fetches).into_iter();
        let taken: FetchMap<FetchId> = fetches.map(|(id, fetch)| (id, self.place(fetch))).collect();
        other.sources.iter_mut().for_each(|source| source.fetch = taken[source.fetch]);
        other.requests.iter_mut().for_each(|request| request.fetch = taken[request.fetch]);
    }

    /// The part of the plan that gives one group.
    pub(crate) fn of_group(&self, group: &str) -> Self {
        let mut part = Self {
            step: self.step.clone(),
            bare: self.bare,
            allow_override: self.allow_override,
            fetches: FetchMap::default(),
            sources: self.sources.iter().filter(|s| s.group == group).cloned().collect(),
            requests: self.requests.clone(),
            flyte_prefix: self.flyte_prefix.clone(),
            by_id: HashMap::default(),
        };
        part.requests.retain(|planned| planned.request.view().group == group);
        let fetches = part.sources.iter().map(|source| source.fetch);
        let fetches = fetches.chain(part.requests.iter().map(|request| request.fetch));
        part.fetches = fetches.map(|id| (id, self.fetches[id].clone())).collect();
        part
    }

    fn add(&mut self, mut fetch: Fetch, roles: &[&SourceRole], settings: &Settings) -> FetchId {
        let aws = |backend: &Arc<dyn Backend>| backend.kind() == BuiltIn::AwsSecretsManager.name();
        if fetch.backends().iter().any(aws) {
            fetch.request.role = role(roles, settings);
        }
        self.place(fetch)
    }

    /// Returns the id of a fetch, or of one that asks the same.
    fn place(&mut self, fetch: Fetch) -> FetchId {
        let fetches = &mut self.fetches;
        let known = self.by_id.entry(fetch.request.id.clone()).or_default();
        if let Some(same) = known.iter().find(|id| fetches[**id].same_as(&fetch)) {
            return *same;
        }
        let id = FetchId::after(fetches.last_id());
        known.push(id);
        fetches.insert(id, fetch);
        id
    }
}

impl Fetch {
    fn of_request(request: &Request) -> Self {
        let view = request.view();
        // With `FILE` the variable holds a path, here and on the platform.
        let is_value = view.mount_requirement != MountType::FILE;
        let request = OwnedRequest {
            id: view.group.to_owned(),
            key: Some(view.key.to_owned()),
            group_version: view.group_version.map(str::to_owned),
            env_var: view.env_var.filter(|_| is_value).map(str::to_owned),
            role: None,
            options: Options::default(),
        };
        Self { request, chain: Ok(Vec::new()) }
    }

    pub(crate) fn backends(&self) -> &[Arc<dyn Backend>] {
        self.chain.as_deref().unwrap_or_default()
    }

    /// Whether both would ask the same of the same backends. How the answer is read does not matter to the
    /// built-in ones; a user's may look at any option.
    fn same_as(&self, other: &Self) -> bool {
        let (a, b) = (&self.request.options, &other.request.options);
        let ours = || self.backends().iter().all(|b| BuiltIn::parse(b.kind()).is_some());
        let same_backends = || {
            let pairs = self.backends().iter().zip(other.backends());
            self.backends().len() == other.backends().len()
                && pairs.into_iter().all(|(a, b)| Arc::ptr_eq(a, b))
        };
        let (one, two) = (&self.request, &other.request);
        self.chain.is_ok()
            && other.chain.is_ok()
            && one.id == two.id
            && one.key == two.key
            && one.group_version == two.group_version
            && one.env_var == two.env_var
            && one.role == two.role
            && a.region == b.region
            && a.version_id == b.version_id
            && a.version_stage == b.version_stage
            && a.env_vars == b.env_vars
            && same_backends()
            && (a == b || ours())
    }
}

/// The declaration, or for one that is empty what was attached at launch.
pub(crate) fn with_attached<'a>(
    declaration: &'a Declaration,
    settings: &Settings,
) -> Cow<'a, Declaration> {
    let Some(with) = settings.with() else { return Cow::Borrowed(declaration) };
    if !declaration.is_empty() {
        if let (true, Some(step)) = (declaration.of_attribute, declaration.step()) {
            warn_once(&format!(
                "the step `{step}` has sources of its own, so what is given at launch is not attached to it"
            ));
        }
        return Cow::Borrowed(declaration);
    }
    let mut attached = declaration.clone();
    for source in with.sources() {
        // Two of one group are refused when the setting is read.
        let _ = attached.add_source(source.clone());
    }
    if *with.role() != SourceRole::Inherit {
        attached.role = with.role().clone();
    }
    attached.allow_override |= with.allow_override();
    Cow::Owned(attached)
}

/// The source, or what the settings put in its place.
fn mapped<'a>(source: &'a Source, settings: &Settings) -> Cow<'a, Source> {
    let by_text = settings.mapped(source.origin());
    match by_text.or_else(|| settings.mapped(source.group())) {
        Some(mapped) => Cow::Owned(mapped.over(source)),
        None => Cow::Borrowed(source),
    }
}

fn chain(
    typed: Option<&BackendType>,
    is_arn: bool,
    registry: &Registry,
    settings: &Settings,
) -> Result<Vec<Arc<dyn Backend>>, Problem> {
    let aws = BackendType::from(BuiltIn::AwsSecretsManager);
    let types = match typed {
        Some(typed) => std::slice::from_ref(typed),
        None if is_arn => std::slice::from_ref(&aws),
        None => settings.default_backends(),
    };
    types.iter().map(|wanted| registry.find(wanted)).collect()
}

/// The source's role, then the attribute's, then the default one, then AWS's own; an empty one skips to the
/// last.
fn role(levels: &[&SourceRole], settings: &Settings) -> Option<String> {
    let general = settings.default_role();
    let given = levels.iter().copied().chain(std::iter::once(general));
    let first = given.into_iter().find(|role| **role != SourceRole::Inherit);
    match first {
        Some(SourceRole::Arn(arn)) => Some(arn.as_str().to_owned()),
        _ => settings.aws_role().map(|role| role.as_str().to_owned()),
    }
}
