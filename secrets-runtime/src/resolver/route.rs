//! Where the secrets of a step come from under the settings, without asking a backend.

use std::{cell::OnceCell, sync::Arc, time::Duration};

use secrets_spec::{
    BackendType, BuiltIn, CURRENT_STAGE, DeclaredSource, Options, ParameterId, Request, SecretArn,
    Source, SourcePatch, SourceRole, StepSpec, parameter_of_request,
};

#[cfg(feature = "aws")]
use crate::backends::aws::sdk::settings::region as region_of_environment;
#[cfg(not(feature = "aws"))]
use crate::settings::backends::aws_profile::region_of_environment;
use crate::{
    backend::Backend,
    core::error::Error,
    declaration::parse::of_spec,
    resolver::registry::Registry,
    settings::{Settings, backends::aws::AwsTransport, variables},
};

/// Where a source or request of a step comes from under the settings of a resolver.
///
/// [`Resolver::routes`](crate::Resolver::routes) returns them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceRoute {
    /// The source or request, as it is written. The id of a program of `[backends]` has its type before it.
    pub source: String,
    /// The group by which the body reads it.
    pub group: String,
    /// The key of a request. A source is the whole secret.
    pub key: Option<String>,
    /// The keys that are known to be read: the keys of typed parameters, or the key of the request.
    pub keys: Vec<String>,
    /// The types of the backends that are asked, in order.
    pub backends: Vec<String>,
    /// The id in the backend. It is empty for a request without a group.
    pub id: String,
    /// The options, with those of the settings.
    pub options: Options,
    /// The table of `secrets.toml` that maps the source, such as `[sources.prod-db]`.
    pub mapped_by: Option<String>,
    /// The role in which the backend is asked, and where it is set.
    pub role: Option<RouteSetting>,
    /// The region of AWS, and where it is set, if a backend is one of AWS. It is not known if only the machine on
    /// which the step runs knows it, or the agent that reads the secrets (`SECRETS_AWS_TRANSPORT=agent`).
    pub region: Option<RouteSetting>,
    /// How long later steps may use the value. It is zero if each step reads it from its backend, and `None` if only
    /// the program of the step knows its backends.
    pub cached_for: Option<Duration>,
}

/// A part of a [`SourceRoute`], and where it is set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouteSetting {
    /// The text.
    pub value: String,
    /// Where it is set. For a role it is `source`, `attribute`, `SECRETS_DEFAULT_ROLE` or `SECRETS_AWS_ROLE`, or the
    /// variable of Metaflow that replaces these; for a region `arn`, `options`, `SECRETS_AWS_REGION`, or the setting
    /// of the AWS SDK.
    pub from: String,
}

impl RouteSetting {
    fn new(value: impl Into<String>, from: impl Into<String>) -> Self {
        Self { value: value.into(), from: from.into() }
    }
}

impl SourceRoute {
    /// Returns whether a backend of this type is asked.
    #[must_use]
    pub fn is_of(&self, kind: &str) -> bool {
        self.backends.iter().any(|backend| backend == kind)
    }

    /// Returns the secret that AWS Secrets Manager is asked for: the id of a source; for a request its group, its key if
    /// it has no group, or the ARN that both form.
    #[must_use]
    pub fn aws_secret_id(&self) -> String {
        match self.key.as_deref() {
            None => self.id.clone(),
            Some(key) if self.id.is_empty() => key.to_owned(),
            Some(_) if SecretArn::parse(&self.id).is_ok() => self.id.clone(),
            Some(key) => {
                let joined = Request::new(&self.id, key).ok().and_then(|it| it.joined_arn());
                joined.unwrap_or_else(|| self.id.clone())
            }
        }
    }

    /// Returns the parameter that AWS Systems Manager is asked for, as a source of type `ssm` names it: the id of a source; for
    /// a request its group, or its key if it has no group.
    #[must_use]
    pub fn parameter_id(&self) -> String {
        match self.key.as_deref() {
            None => self.id.clone(),
            Some(key) => parameter_of_request(&self.id, key),
        }
    }

    /// Returns whether the current version is wanted, which AWS Secrets Manager returns in batches.
    #[must_use]
    pub fn is_current_version(&self) -> bool {
        let stage = self.options.version_stage.as_deref();
        self.options.version_id.is_none() && stage.is_none_or(|stage| stage == CURRENT_STAGE)
    }
}

/// The settings from which routes are found.
pub(super) struct RouteFinder<'a> {
    settings: &'a Settings,
    registry: &'a Registry,
    /// The region of AWS if neither an ARN nor the options name one.
    region: OnceCell<Option<RouteSetting>>,
}

/// A role and where it is set.
type RoleLevel<'a> = (&'a SourceRole, &'static str);

impl<'a> RouteFinder<'a> {
    pub(super) fn new(settings: &'a Settings, registry: &'a Registry) -> Self {
        Self { settings, registry, region: OnceCell::new() }
    }

    /// Returns the routes of a step: first those of its sources, or of the sources that are attached at launch.
    pub(super) fn routes(&self, step: &StepSpec) -> Result<Vec<SourceRoute>, Error> {
        let wrong = |error| Error::from_problems(vec![of_spec(&error, "a typed parameter")]);
        let mut sources: Vec<_> = step.declared_sources().map_err(wrong)?;
        let mut attribute = (&step.role, "attribute");
        let is_empty = sources.is_empty() && step.requests.is_empty();
        if let Some(with) = self.settings.with().filter(|_| is_empty) {
            let attached = with.sources().iter().cloned();
            sources.extend(attached.map(|source| DeclaredSource { source, keys: Vec::new() }));
            if *with.role() != SourceRole::Inherit {
                attribute = (with.role(), variables::WITH.name());
            }
        }
        let mut routes = Vec::with_capacity(sources.len() + step.requests.len());
        for declared in sources {
            routes.push(self.source(&declared.source, declared.keys, attribute)?);
        }
        for request in &step.requests {
            routes.push(self.request(request, attribute)?);
        }
        Ok(routes)
    }

    fn source(
        &self,
        source: &Source,
        keys: Vec<String>,
        attribute: RoleLevel<'_>,
    ) -> Result<SourceRoute, Error> {
        let texts = [source.origin(), source.group()];
        let found = texts.into_iter().find_map(|text| Some((text, self.settings.mapped(text)?)));
        let mapped = self.settings.target_of(source);
        let backends = self.backends(mapped.backend(), mapped.is_arn());
        let route = SourceRoute {
            source: self.settings.text_of(source).into_owned(),
            group: source.group().to_owned(),
            key: None,
            keys,
            id: mapped.id().to_owned(),
            options: mapped.options().clone(),
            mapped_by: found.and_then(|(text, _)| self.settings.table_of_mapping(text)),
            role: self.role(&backends, &[(mapped.role(), "source"), attribute]),
            region: None,
            cached_for: self.cached_for(&backends),
            backends,
        };
        self.with_region(route)
    }

    fn request(&self, request: &Request, attribute: RoleLevel<'_>) -> Result<SourceRoute, Error> {
        let view = request.view();
        let mapped = self.settings.mapped(view.group);
        let mut id = mapped.and_then(SourcePatch::id);
        let is_arn = id.is_some_and(|id| id.starts_with("arn:"));
        let mut backend = mapped.and_then(SourcePatch::backend);
        if let (Some(text), None) = (id, backend)
            && let Some((kind, rest)) = self.settings.split_exec(text)
        {
            (backend, id) = (Some(kind), Some(rest));
        }
        let backends = self.backends(backend, is_arn);
        let mut levels = vec![attribute];
        levels.splice(0..0, mapped.map(|mapped| (mapped.role(), "source")));
        let route = SourceRoute {
            source: request.to_string(),
            group: view.group.to_owned(),
            key: Some(view.key.to_owned()),
            keys: Some(view.key)
                .filter(|key| !key.is_empty())
                .map(str::to_owned)
                .into_iter()
                .collect(),
            id: id.unwrap_or(view.group).to_owned(),
            options: mapped.map_or_else(Options::default, |mapped| mapped.options().clone()),
            mapped_by: mapped.and_then(|_| self.settings.table_of_mapping(view.group)),
            role: self.role(&backends, &levels),
            region: None,
            cached_for: self.cached_for(&backends),
            backends,
        };
        self.with_region(route)
    }

    fn backends(&self, typed: Option<&BackendType>, is_arn: bool) -> Vec<String> {
        match typed {
            Some(typed) => vec![typed.as_str().to_owned()],
            None if is_arn => vec![BuiltIn::AwsSecretsManager.name().to_owned()],
            None => self.settings.default_backends().iter().map(ToString::to_string).collect(),
        }
    }

    /// Returns the role in the first of these backends that uses one.
    fn role(&self, backends: &[String], levels: &[RoleLevel<'_>]) -> Option<RouteSetting> {
        let uses_role = |kind: &&String| match self.find(kind) {
            Some(backend) => backend.capabilities().is_role_used(),
            None => BuiltIn::parse(kind).is_none_or(BuiltIn::is_of_aws),
        };
        backends.iter().find(uses_role).and_then(|kind| choose_role(levels, kind, self.settings))
    }

    fn cached_for(&self, backends: &[String]) -> Option<Duration> {
        let is_cached = |backend: &dyn Backend| {
            let parts = backend.parts();
            backend.capabilities().is_cached()
                || parts.iter().any(|part| part.capabilities().is_cached())
        };
        let mut ttl = Some(Duration::ZERO);
        for kind in backends {
            match self.find(kind) {
                Some(backend) if is_cached(backend) => return Some(self.settings.cache_ttl()),
                Some(_) => {}
                None => ttl = None,
            }
        }
        ttl
    }

    fn find(&self, kind: &str) -> Option<&dyn Backend> {
        let is_it = |backend: &&Arc<dyn Backend>| backend.kind() == kind;
        self.registry.all().find(is_it).map(|backend| &**backend)
    }

    fn with_region(&self, mut route: SourceRoute) -> Result<SourceRoute, Error> {
        let arn_region = if route.is_of(BuiltIn::AwsSecretsManager.name()) {
            let arn = SecretArn::parse(&route.aws_secret_id()).ok();
            arn.map(|arn| arn.region().to_owned())
        } else if route.is_of(BuiltIn::Ssm.name()) {
            let id = route.parameter_id();
            ParameterId::parse(&id).ok().and_then(|id| id.region().map(str::to_owned))
        } else {
            return Ok(route);
        };
        route.region = match (arn_region, &route.options.region) {
            (Some(region), _) => Some(RouteSetting::new(region, "arn")),
            (None, Some(region)) => Some(RouteSetting::new(region, "options")),
            (None, None) => self.default_region()?,
        };
        Ok(route)
    }

    fn default_region(&self) -> Result<Option<RouteSetting>, Error> {
        if let Some(known) = self.region.get() {
            return Ok(known.clone());
        }
        let region = match &self.settings.aws.region {
            Some(region) => {
                let from = self.settings.origin(&variables::AWS_REGION);
                Some(RouteSetting::new(region, from))
            }
            None if self.settings.aws.transport == AwsTransport::Agent => region_of_function()?,
            None => configured_region()?,
        };
        Ok(self.region.get_or_init(|| region).clone())
    }
}

/// Returns the region of the function, if this is one of AWS Lambda: extensions run in its environment, and only
/// Lambda sets these variables (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>). Elsewhere
/// an agent has settings of its own, and the region is not known.
fn region_of_function() -> Result<Option<RouteSetting>, Error> {
    match std::env::var_os("AWS_LAMBDA_FUNCTION_NAME") {
        Some(_) => {
            let found = region_of_environment()?;
            Ok(found.map(|(region, from)| RouteSetting::new(region, from)))
        }
        None => Ok(None),
    }
}

/// Returns the region that the AWS SDK's own settings name.
#[cfg(feature = "aws")]
fn configured_region() -> Result<Option<RouteSetting>, Error> {
    let found = crate::backends::aws::sdk::settings::configured_region_blocking()?;
    Ok(found.map(|(region, from)| RouteSetting::new(region, from)))
}

/// Returns the region that the variables or the profile of the AWS SDK name.
#[cfg(not(feature = "aws"))]
fn configured_region() -> Result<Option<RouteSetting>, Error> {
    let found = crate::settings::backends::aws_profile::configured_region()?;
    Ok(found.map(|(region, from)| RouteSetting::new(region, from)))
}

/// Returns the role for a backend of this type. The first of these that is set is used:
///
/// 1. the source's role
/// 2. the attribute's role
/// 3. the default role
/// 4. the role of the type
///
/// An empty role skips to the last.
pub(super) fn choose_role(
    levels: &[RoleLevel<'_>],
    kind: &str,
    settings: &Settings,
) -> Option<RouteSetting> {
    let general = (settings.default_role(), settings.variable_of(&variables::DEFAULT_ROLE));
    let given = levels.iter().copied().chain(std::iter::once(general));
    let first = given.into_iter().find(|(role, _)| **role != SourceRole::Inherit);
    match first {
        Some((SourceRole::Arn(arn), from)) => Some(RouteSetting::new(arn.as_str(), from)),
        Some((SourceRole::Named(name), from)) => Some(RouteSetting::new(name, from)),
        _ => {
            let role = settings.role_of_type(kind)?;
            Some(RouteSetting::new(role.as_str(), settings.variable_of(&variables::AWS_ROLE)))
        }
    }
}
