//! The plan of a resolution: the chain of backends, the role and the fetch of each source and request. Equal
//! requests share a fetch.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use foldhash::fast::RandomState;
use secrets_spec::{BackendType, BuiltIn, MountType, Options, Request, SourcePatch, SourceRole};

use crate::{
    backend::{
        Backend, capabilities::Capabilities, identity::Identity, owned_request::OwnedRequest,
    },
    cache::{
        answer::IdentifiedRequest,
        fetch_map::{FetchId, FetchMap},
    },
    context::{Barrier, provenance::Provenance},
    core::{error::Problem, origin::Origin, warning::warn_once},
    declaration::Declaration,
    resolver::{registry::Registry, route::choose_role},
    settings::Settings,
};

/// The fetches of a declaration, and how its sources and requests read their answers.
pub(crate) struct Plan {
    pub step: Option<String>,
    /// Whether nothing is declared.
    pub bare: bool,
    pub allow_override: bool,
    /// The origin of all values, if they are attached at launch or come from a test.
    pub origin: Option<Origin>,
    pub fetches: FetchMap<Fetch>,
    pub sources: Vec<SourcePlan>,
    pub requests: Vec<RequestPlan>,
    /// The prefix of the names of Flyte's variables.
    pub flyte_prefix: String,
    /// The fetches of each secret's id.
    by_id: HashMap<Arc<str>, (FetchId, Vec<FetchId>), RandomState>,
}

/// A source: its fetch, and how to read the answer.
#[derive(Clone)]
pub(crate) struct SourcePlan {
    pub fetch: FetchId,
    /// The source, as it is written.
    pub as_written: Arc<str>,
    /// The source, as the audit log names it.
    pub audit_name: Arc<str>,
    pub group: Arc<str>,
    /// The id without the type, if only the settings know that the text begins with a type.
    pub short_group: Option<String>,
    /// The request of this source. Its fetch may have a request with other options for reading the answer.
    request: Arc<OwnedRequest>,
    /// The id in the code, if a setting maps the source to another id.
    pub code_id: Option<String>,
}

/// A request and its fetch.
#[derive(Clone)]
pub(crate) struct RequestPlan {
    pub fetch: FetchId,
    pub request: Request,
}

/// The fetch of one secret.
#[derive(Clone)]
pub(crate) struct Fetch {
    /// The request, without a role.
    pub request: Arc<OwnedRequest>,
    /// The backends to ask, in order; or why no backend can be asked.
    pub chain: Result<Vec<Link>, Problem>,
}

/// One backend of a chain.
#[derive(Clone)]
pub(crate) struct Link {
    pub backend: Arc<dyn Backend>,
    pub capabilities: Capabilities,
    /// The role in which the backend is asked.
    role: Option<Arc<str>>,
    /// How the backend identifies the request.
    identity: Arc<Identity>,
    /// The part of the backend, if it consists of several.
    part: usize,
    /// Whether another part of this backend follows, whose `NotFound` is then the error of both.
    pub is_continued: bool,
}

impl Plan {
    /// Plans a declaration. A source without a backend is planned too: the other backends are still asked, so
    /// that the one error contains every problem.
    pub(crate) fn of(declaration: &Declaration, registry: &Registry, settings: &Settings) -> Self {
        let mut plan = Self {
            step: declaration.step().map(str::to_owned),
            bare: declaration.is_empty(),
            allow_override: declaration.allow_override,
            origin: None,
            fetches: FetchMap::default(),
            sources: Vec::new(),
            requests: Vec::new(),
            flyte_prefix: settings.flyte.env_prefix.clone(),
            by_id: HashMap::default(),
        };
        for source in &declaration.sources {
            let mapping = settings.mapping_of(source);
            let mapped = settings.target_of(source);
            let request = Arc::new(OwnedRequest {
                id: mapped.id().into(),
                key: None,
                group_version: None,
                env_var: None,
                role: None,
                options: mapped.options().clone(),
                part: 0,
                is_refresh: false,
            });
            let chain = chain(mapped.backend(), mapped.is_arn(), registry, settings);
            if mapped.options().env_vars.is_some() && !declaration.in_test {
                let id = mapped.id();
                let text =
                    format!("the values of the inline source `{id}` are part of the program");
                warn_once(&text);
            }
            let roles = [(mapped.role(), ""), (&declaration.role, "")];
            let fetch = plan.add(request.clone(), chain, &roles, settings);
            let code_id = mapping.is_some().then(|| source.id().to_owned());
            // Only the settings know the type in this text.
            let is_split = mapping.is_none() && mapped.id() != source.id();
            let short_group = is_split.then(|| mapped.id().to_owned());
            let as_written: Arc<str> = source.origin().into();
            let audit_name = match settings.text_of(source) {
                Cow::Borrowed(_) => as_written.clone(),
                Cow::Owned(text) => text.into(),
            };
            plan.sources.push(SourcePlan {
                fetch,
                as_written,
                audit_name,
                group: source.group().into(),
                short_group: short_group.filter(|_| source.alias().is_none()),
                request,
                code_id,
            });
        }
        for request in &declaration.requests {
            let mut owned = owned_request(request);
            let mapped = settings.mapped(request.view().group);
            let mut roles = vec![(&declaration.role, "")];
            if let Some(mapped) = mapped {
                owned.options = mapped.options().clone();
                if let Some(id) = mapped.id() {
                    owned.id = id.into();
                }
                roles.insert(0, (mapped.role(), ""));
            }
            let mut backend = mapped.and_then(SourcePatch::backend);
            if let (Some(patch), None) = (mapped, backend)
                && let Some((kind, id)) = patch.id().and_then(|id| settings.split_exec(id))
            {
                (backend, owned.id) = (Some(kind), id.into());
            }
            // An ARN in the code is split between group and key, and goes to the default backend like any
            // request. An ARN that a setting names goes to AWS.
            let is_arn = mapped.and_then(SourcePatch::id).is_some_and(|id| id.starts_with("arn:"));
            let chain = chain(backend, is_arn, registry, settings);
            let fetch = plan.add(Arc::new(owned), chain, &roles, settings);
            plan.requests.push(RequestPlan { fetch, request: request.clone() });
        }
        plan
    }

    /// Returns the provenance of an answer to this plan.
    pub(crate) fn provenance(&self, answer: &Provenance) -> Provenance {
        Provenance { origin: self.origin.unwrap_or(answer.origin), ..answer.clone() }
    }

    /// Moves the fetches of another plan into this one, and makes the other's sources and requests refer to
    /// them.
    pub(crate) fn take_fetches(&mut self, other: &mut Self) {
        let fetches = std::mem::take(&mut other.fetches).into_iter();
        let taken: FetchMap<FetchId> = fetches.map(|(id, fetch)| (id, self.place(fetch))).collect();
        other.sources.iter_mut().for_each(|source| source.fetch = taken[source.fetch]);
        other.requests.iter_mut().for_each(|request| request.fetch = taken[request.fetch]);
    }

    /// Returns the part of the plan for one group.
    pub(crate) fn of_group(&self, group: &str) -> Self {
        let mut part = Self {
            step: self.step.clone(),
            bare: self.bare,
            allow_override: self.allow_override,
            origin: self.origin,
            fetches: FetchMap::default(),
            sources: self.sources.iter().filter(|s| *s.group == *group).cloned().collect(),
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

    fn add(
        &mut self,
        request: Arc<OwnedRequest>,
        chain: Result<Vec<Arc<dyn Backend>>, Problem>,
        roles: &[(&SourceRole, &'static str)],
        settings: &Settings,
    ) -> FetchId {
        let links = |chain: Vec<Arc<dyn Backend>>| {
            let mut links = Vec::with_capacity(chain.len());
            for backend in chain {
                let parts = backend.parts();
                if parts.is_empty() {
                    links.push(Link::new(backend, &request, roles, settings));
                    continue;
                }
                let last = parts.len() - 1;
                for (place, part) in parts.into_iter().enumerate() {
                    let link = Link::new(part, &request, roles, settings);
                    links.push(Link { part: place, is_continued: place < last, ..link });
                }
            }
            links
        };
        let chain = chain.map(links);
        self.place(Fetch { request, chain })
    }

    /// Returns the index of this fetch, or of an equal one.
    fn place(&mut self, fetch: Fetch) -> FetchId {
        let fetches = &mut self.fetches;
        let id = FetchId::after(fetches.last_id());
        match self.by_id.entry(fetch.request.id.clone()) {
            Entry::Vacant(entry) => drop(entry.insert((id, Vec::new()))),
            Entry::Occupied(mut entry) => {
                let (first, others) = entry.get();
                let mut known = std::iter::once(first).chain(others);
                if let Some(same) = known.find(|id| fetches[**id].same_as(&fetch)) {
                    return *same;
                }
                entry.get_mut().1.push(id);
            }
        }
        fetches.insert(id, fetch);
        id
    }
}

impl SourcePlan {
    pub(crate) fn options(&self) -> &Options {
        &self.request.options
    }
}

impl Fetch {
    pub(crate) fn links(&self) -> &[Link] {
        self.chain.as_deref().unwrap_or_default()
    }

    /// Returns the request to the backend of a link.
    pub(crate) fn request_to(&self, link: &Link) -> IdentifiedRequest {
        let identity = link.identity.clone();
        if link.role.is_none() && link.part == 0 {
            return IdentifiedRequest { request: self.request.clone(), identity };
        }
        let request = OwnedRequest::clone(&self.request);
        let request = OwnedRequest { role: link.role.clone(), part: link.part, ..request };
        IdentifiedRequest { request: Arc::new(request), identity }
    }

    /// Returns whether both ask the same backends the same question, so that one answer is enough.
    fn same_as(&self, other: &Self) -> bool {
        let same = |(one, other): (&Link, &Link)| {
            Arc::ptr_eq(&one.backend, &other.backend) && one.identity == other.identity
        };
        self.chain.is_ok()
            && other.chain.is_ok()
            && self.links().len() == other.links().len()
            && self.links().iter().zip(other.links()).all(same)
    }
}

impl Link {
    fn new(
        backend: Arc<dyn Backend>,
        request: &OwnedRequest,
        roles: &[(&SourceRole, &'static str)],
        settings: &Settings,
    ) -> Self {
        // A backend of a program does not see the secrets of the step that calls the step.
        let _outside = Barrier::outside();
        let capabilities = backend.capabilities();
        let role = match capabilities.is_role_used() {
            true => choose_role(roles, backend.kind(), settings).map(|role| Arc::from(role.value)),
            false => None,
        };
        let identity = Identity::by(&*backend, &request.as_request().with_role(role.as_deref()));
        let identity = Arc::new(identity);
        Self { backend, capabilities, role, identity, part: 0, is_continued: false }
    }
}

fn owned_request(request: &Request) -> OwnedRequest {
    let view = request.view();
    // With `FILE` the variable's value is a path, here and on the platform.
    let is_value = view.mount_requirement != MountType::FILE;
    OwnedRequest {
        id: view.group.into(),
        key: Some(view.key.to_owned()),
        group_version: view.group_version.map(str::to_owned),
        env_var: view.env_var.filter(|_| is_value).map(str::to_owned),
        role: None,
        options: Options::default(),
        part: 0,
        is_refresh: false,
    }
}

/// Returns the declaration, or the sources attached at launch if it is empty.
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
    // Two sources of one group are refused when the setting is read.
    let _ = attached.add_sources(with.sources().iter().cloned().map(Ok));
    if *with.role() != SourceRole::Inherit {
        attached.role = with.role().clone();
    }
    attached.allow_override |= with.allow_override();
    Cow::Owned(attached)
}

fn chain(
    typed: Option<&BackendType>,
    is_arn: bool,
    registry: &Registry,
    settings: &Settings,
) -> Result<Vec<Arc<dyn Backend>>, Problem> {
    let aws = BackendType::from(BuiltIn::AwsSecretsManager);
    match typed {
        Some(typed) => registry.find(typed).map(|backend| vec![backend]),
        None if is_arn => registry.find(&aws).map(|backend| vec![backend]),
        None => registry.find_defaults(settings).collect(),
    }
}
