//! What is to be fetched: for each source and request its chain of backends, its role and its place among
//! the fetches, of which equal ones are one.

use std::{borrow::Cow, sync::Arc};

use secrets_spec::{BackendType, BuiltIn, MountType, Options, Request, Source, SourceRole};

use super::registry::Registry;
use crate::{
    Backend, Declaration, FetchRequest, Problem,
    settings::{MappedSource, Settings},
    warning::warn_once,
};

/// Everything a declaration needs.
pub(crate) struct Plan {
    pub fetches: Vec<Fetch>,
    /// For each source, its fetch and how its answer is read.
    pub sources: Vec<SourcePlan>,
    /// For each request, its fetch.
    pub requests: Vec<usize>,
    /// The prefix of the variables that Flyte names.
    pub flyte_prefix: String,
}

/// Which fetch a source is of, and how its answer is read.
pub(crate) struct SourcePlan {
    pub fetch: usize,
    pub options: Options,
    /// The id as the code wrote it, where a setting maps the source to another.
    pub written: Option<String>,
}

/// One secret to fetch.
pub(crate) struct Fetch {
    pub id: String,
    pub key: Option<String>,
    pub group_version: Option<String>,
    /// The variable in which a platform may give the value.
    pub env_var: Option<String>,
    pub role: Option<String>,
    pub options: Options,
    /// The backends to ask, in order; or why there are none.
    pub chain: Result<Vec<Arc<dyn Backend>>, Problem>,
}

impl Plan {
    /// Plans everything. What has no backend is planned too: the others are asked all the same, so that every
    /// problem is in the one error.
    pub(crate) fn of(declaration: &Declaration, registry: &Registry, settings: &Settings) -> Self {
        let mut plan = Self {
            fetches: Vec::new(),
            sources: Vec::new(),
            requests: Vec::new(),
            flyte_prefix: settings.flyte_env_prefix().to_owned(),
        };
        for source in &declaration.sources {
            let mapped = mapped(source, settings);
            let fetch = Fetch {
                id: mapped.id().to_owned(),
                key: None,
                group_version: None,
                env_var: None,
                role: None,
                options: mapped.options().clone(),
                chain: chain(mapped.backend(), mapped.is_arn(), registry, settings),
            };
            if mapped.backend().is_some_and(|b| b.is(BuiltIn::Inline)) && !declaration.in_test {
                let id = mapped.id();
                let text =
                    format!("the values of the inline source `{id}` are part of the program");
                warn_once(&text);
            }
            let role = [mapped.role(), &declaration.role];
            let fetch = plan.add(fetch, &role, settings);
            let written = matches!(mapped, Cow::Owned(_)).then(|| source.id().to_owned());
            plan.sources.push(SourcePlan { fetch, options: mapped.options().clone(), written });
        }
        for request in &declaration.requests {
            let mut fetch = Fetch::of_request(request);
            let mapped = settings.mapped(request.view().group);
            let mut roles = vec![&declaration.role];
            if let Some(mapped) = mapped {
                fetch.options = mapped.options().clone();
                fetch.id = mapped.id().unwrap_or(&fetch.id).to_owned();
                roles.insert(0, mapped.role());
            }
            let backend = mapped.and_then(MappedSource::backend);
            // An ARN in the code is split between group and key, and goes to the default backend as any
            // request does; one that a setting names is AWS's.
            let is_arn = mapped.and_then(MappedSource::id).is_some_and(|id| id.starts_with("arn:"));
            fetch.chain = chain(backend, is_arn, registry, settings);
            let place = plan.add(fetch, &roles, settings);
            plan.requests.push(place);
        }
        plan
    }

    /// Takes over what another plan fetches; the other then says where here each of its fetches is.
    pub(crate) fn take_fetches(&mut self, other: &mut Self) {
        let places: Vec<usize> =
            std::mem::take(&mut other.fetches).into_iter().map(|fetch| self.place(fetch)).collect();
        other.sources.iter_mut().for_each(|source| source.fetch = places[source.fetch]);
        other.requests.iter_mut().for_each(|request| *request = places[*request]);
    }

    fn add(&mut self, mut fetch: Fetch, roles: &[&SourceRole], settings: &Settings) -> usize {
        let aws = |backend: &Arc<dyn Backend>| backend.kind() == BuiltIn::AwsSecretsManager.name();
        if fetch.backends().iter().any(aws) {
            fetch.role = role(roles, settings);
        }
        self.place(fetch)
    }

    /// The place of a fetch, or of one that asks the same.
    fn place(&mut self, fetch: Fetch) -> usize {
        if let Some(same) = self.fetches.iter().position(|known| known.same_as(&fetch)) {
            return same;
        }
        self.fetches.push(fetch);
        self.fetches.len() - 1
    }
}

impl Fetch {
    fn of_request(request: &Request) -> Self {
        let view = request.view();
        // With `FILE` the variable holds a path, here and on the platform.
        let is_value = view.mount_requirement != MountType::FILE;
        Self {
            id: view.group.to_owned(),
            key: Some(view.key.to_owned()),
            group_version: view.group_version.map(str::to_owned),
            env_var: view.env_var.filter(|_| is_value).map(str::to_owned),
            role: None,
            options: Options::default(),
            chain: Ok(Vec::new()),
        }
    }

    pub(crate) fn backends(&self) -> &[Arc<dyn Backend>] {
        self.chain.as_deref().unwrap_or_default()
    }

    pub(crate) fn request(&self) -> FetchRequest<'_> {
        let request = FetchRequest::new(&self.id, &self.options)
            .with_role(self.role.as_deref())
            .with_group_version(self.group_version.as_deref())
            .with_env_var(self.env_var.as_deref());
        match &self.key {
            Some(key) => request.with_key(key),
            None => request,
        }
    }

    /// Whether both would ask the same of the same backends. How the answer is read does not matter to the
    /// built-in ones; a user's may look at any option.
    fn same_as(&self, other: &Self) -> bool {
        let kinds =
            |fetch: &Self| fetch.backends().iter().map(|b| b.kind().to_owned()).collect::<Vec<_>>();
        let (a, b) = (&self.options, &other.options);
        let ours = self.backends().iter().all(|backend| BuiltIn::parse(backend.kind()).is_some());
        self.chain.is_ok()
            && other.chain.is_ok()
            && self.id == other.id
            && self.key == other.key
            && self.group_version == other.group_version
            && self.env_var == other.env_var
            && self.role == other.role
            && (ours || a == b)
            && a.region == b.region
            && a.version_id == b.version_id
            && a.version_stage == b.version_stage
            && a.env_vars == b.env_vars
            && kinds(self) == kinds(other)
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
