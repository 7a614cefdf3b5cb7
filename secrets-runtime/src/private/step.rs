use std::{fmt, sync::OnceLock};

use secrets_spec::{
    Complaint, Name, Node, Request, Secret, Source, SourceDraft, SourceRole, Value, read_source,
};

use crate::{
    backend::BoxFuture,
    cache::step_slot::StepCache,
    context::{Context, secrets::Secrets},
    core::error::{Error, ErrorKind, Problem},
    declaration::{
        Declaration,
        parse::{invalid, of_spec},
    },
    private::parameter::Parameter,
    resolver::{Resolver, partial::PartialResolution, test_secrets},
};

/// The descriptor of a step: what its attributes declare, as a `static` of the program.
#[derive(Debug)]
pub struct Step {
    pub(crate) name: &'static str,
    pub(crate) texts: &'static [&'static str],
    pub(crate) sources: &'static [Src],
    pub(crate) requests: &'static [Secret],
    pub(crate) parameters: &'static [Parameter],
    pub(crate) role: Option<&'static str>,
    pub(crate) allow_override: bool,
    pub(crate) export_process: bool,
    pub(crate) in_test: bool,
    declared: OnceLock<Result<Declared, Error>>,
    slot: StepCache,
}

impl Step {
    /// A step of this name that declares nothing.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self::of(name, &[])
    }

    /// A step of this name with these sources, each of which is one text.
    #[must_use]
    pub const fn of(name: &'static str, texts: &'static [&'static str]) -> Self {
        Self {
            name,
            texts,
            sources: &[],
            requests: &[],
            parameters: &[],
            role: None,
            allow_override: false,
            export_process: false,
            in_test: false,
            declared: OnceLock::new(),
            slot: StepCache::new(),
        }
    }

    /// With these sources.
    #[must_use]
    pub const fn sources(mut self, sources: &'static [Src]) -> Self {
        self.sources = sources;
        self
    }

    /// With these requests.
    #[must_use]
    pub const fn requests(mut self, requests: &'static [Secret]) -> Self {
        self.requests = requests;
        self
    }

    /// With these typed parameters.
    #[must_use]
    pub const fn parameters(mut self, parameters: &'static [Parameter]) -> Self {
        self.parameters = parameters;
        self
    }

    /// With this role; `""` opts out.
    #[must_use]
    pub const fn role(mut self, role: &'static str) -> Self {
        self.role = Some(role);
        self
    }

    /// With `allow_override = true`.
    #[must_use]
    pub const fn allow_override(mut self) -> Self {
        self.allow_override = true;
        self
    }

    /// With `export = "process"`.
    #[must_use]
    pub const fn export_process(mut self) -> Self {
        self.export_process = true;
        self
    }

    /// Whether the step is part of a test (`cfg!(test)`): emitted with `inline` sources, which warn elsewhere.
    #[must_use]
    pub const fn in_test(mut self, in_test: bool) -> Self {
        self.in_test = in_test;
        self
    }
}

/// The descriptor, parsed: at the first call of the step.
#[derive(Debug)]
struct Declared {
    declaration: Declaration,
    /// The group of each typed parameter.
    parameters: Vec<String>,
}

impl Step {
    /// What an earlier call fetched, as long as it serves without another look: the way of almost all calls.
    pub(crate) fn ready(&self) -> Option<Context> {
        self.slot.get().map(|shared| Context::new(Secrets::new(shared)))
    }

    /// Fetches what the step declares.
    pub(crate) fn resolve(&'static self) -> BoxFuture<'static, Result<Context, PartialResolution>> {
        Box::pin(async move {
            let declaration = self.declaration()?;
            let resolver = Resolver::current().map_err(|error| error.in_step(Some(self.name)))?;
            if test_secrets().is_some() {
                return Ok(resolver.resolve(declaration).await?);
            }
            let shared = resolver.fetch_for(declaration, &self.slot).await?;
            Ok(Context::new(Secrets::new(shared)))
        })
    }

    /// What was found for a step with typed parameters that did not find everything, so that these can be tried;
    /// and why its body does not run.
    pub(super) fn partly(
        &self,
        resolved: Result<Context, PartialResolution>,
    ) -> Result<(Context, Option<Error>), Error> {
        match resolved {
            Ok(context) => Ok((context, None)),
            Err(PartialResolution { error, found: Some(found) }) if !self.parameters.is_empty() => {
                Ok((Context::new(Secrets::new(found)), Some(error)))
            }
            Err(unresolved) => Err(unresolved.error),
        }
    }

    /// What it declares.
    pub(crate) fn declaration(&'static self) -> Result<&'static Declaration, Error> {
        let declared = self.declared.get_or_init(|| self.declare());
        declared.as_ref().map(|declared| &declared.declaration).map_err(Clone::clone)
    }

    pub(crate) fn group_of_parameter(&self, index: usize) -> Option<String> {
        let declared = self.declared.get()?.as_ref().ok()?;
        declared.parameters.get(index).cloned()
    }

    /// The macro has checked every text; they are parsed by the same grammar all the same.
    fn declare(&self) -> Result<Declared, Error> {
        let mut declaration = Declaration::empty(Some(self.name.to_owned()));
        declaration.allow_override = self.allow_override;
        declaration.in_test = self.in_test;
        declaration.of_attribute = true;
        let mut problems = Vec::new();
        for text in self.texts {
            match Source::parse(text) {
                Ok(source) => problems.extend(declaration.add_source(source).err()),
                Err(error) => problems.push(of_spec(&error, text)),
            }
        }
        for src in self.sources {
            match src.source() {
                Ok(source) => problems.extend(declaration.add_source(source).err()),
                Err(found) => problems.extend(found),
            }
        }
        for secret in self.requests {
            match Request::try_from(*secret) {
                Ok(request) => problems.extend(declaration.add_request(request).err()),
                Err(error) => problems.push(of_spec(&error, secret.view().group)),
            }
        }
        let mut parameters = Vec::new();
        for parameter in self.parameters {
            match parameter.group(&mut declaration) {
                Ok(group) => {
                    let key = parameter.key.map(|key| (group.clone(), key.to_owned()));
                    declaration.keys.extend(key);
                    parameters.push(group);
                }
                Err(problem) => problems.push(problem),
            }
        }
        if let Some(role) = self.role {
            match SourceRole::parse(role) {
                Ok(role) => declaration.role = role,
                Err(error) => problems.push(invalid(&error, ErrorKind::InvalidSource).of(role)),
            }
        }
        if problems.is_empty() {
            return Ok(Declared { declaration, parameters });
        }
        Err(Error::from_problems(problems).in_step(Some(self.name)))
    }
}

/// A source of a step. Its `Debug` shows the names of `env_vars` without their values.
#[derive(Clone, Copy)]
pub struct Src {
    pub(crate) with_fields: bool,
    pub(crate) id: &'static str,
    pub(crate) backend: Option<&'static str>,
    pub(crate) group: Option<&'static str>,
    pub(crate) role: Option<&'static str>,
    pub(crate) json: Option<bool>,
    pub(crate) required: Option<bool>,
    pub(crate) env_var_name: Option<&'static str>,
    pub(crate) region: Option<&'static str>,
    pub(crate) version_id: Option<&'static str>,
    pub(crate) version_stage: Option<&'static str>,
    pub(crate) env_vars: Option<&'static [(&'static str, &'static str)]>,
}

impl fmt::Debug for Src {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |vars: &[(&'static str, &'static str)]| {
            vars.iter().map(|(name, _)| *name).collect::<Vec<_>>()
        };
        f.debug_struct("Src")
            .field("with_fields", &self.with_fields)
            .field("id", &self.id)
            .field("backend", &self.backend)
            .field("group", &self.group)
            .field("role", &self.role)
            .field("json", &self.json)
            .field("required", &self.required)
            .field("env_var_name", &self.env_var_name)
            .field("region", &self.region)
            .field("version_id", &self.version_id)
            .field("version_stage", &self.version_stage)
            .field("env_vars", &self.env_vars.map(names))
            .finish()
    }
}

macro_rules! with {
    ($( $(#[$doc:meta])* $field:ident: $type:ty; )*) => { $(
        $(#[$doc])*
        #[must_use]
        pub const fn $field(mut self, $field: $type) -> Self {
            self.$field = Some($field);
            self
        }
    )* };
}

impl Src {
    /// A source that is one text.
    #[must_use]
    pub const fn text(text: &'static str) -> Self {
        Self { with_fields: false, ..Self::with_fields(text) }
    }

    /// A source written with fields, whose id is never split.
    #[must_use]
    pub const fn with_fields(id: &'static str) -> Self {
        Self {
            with_fields: true,
            id,
            backend: None,
            group: None,
            role: None,
            json: None,
            required: None,
            env_var_name: None,
            region: None,
            version_id: None,
            version_stage: None,
            env_vars: None,
        }
    }

    with! {
        /// `type`.
        backend: &'static str;
        /// `group`.
        group: &'static str;
        /// `role`.
        role: &'static str;
        /// `options.json`.
        json: bool;
        /// `options.required`.
        required: bool;
        /// `options.env_var_name`.
        env_var_name: &'static str;
        /// `options.region`.
        region: &'static str;
        /// `options.version_id`.
        version_id: &'static str;
        /// `options.version_stage`.
        version_stage: &'static str;
        /// `options.env_vars`.
        env_vars: &'static [(&'static str, &'static str)];
    }
}

impl Src {
    fn source(&self) -> Result<Source, Vec<Problem>> {
        if !self.with_fields {
            return Source::parse(self.id).map_err(|error| vec![of_spec(&error, self.id)]);
        }
        let mut complaints = Vec::new();
        let draft = read_source(&self.node(), &mut complaints);
        if let (true, Some(source)) =
            (complaints.is_empty(), draft.and_then(SourceDraft::into_source))
        {
            return Ok(source);
        }
        let problem = |complaint: Complaint<()>| {
            let kind =
                if complaint.is_name { ErrorKind::InvalidName } else { ErrorKind::InvalidSource };
            Problem::new(kind, complaint.message).of(self.id)
        };
        Err(complaints.into_iter().map(problem).collect())
    }

    /// The source as the one reader of sources takes it.
    fn node(&self) -> Node<()> {
        let text = |value: &'static str| Value::Text(value.to_owned());
        let map = |fields: Vec<(&str, Option<Value<()>>)>| {
            let given = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
            let named = given.map(|(name, value)| {
                (Name { text: name.to_owned(), at: () }, Node { value, at: () })
            });
            Value::Map(named.collect())
        };
        let env_vars = self
            .env_vars
            .map(|vars| map(vars.iter().map(|(name, value)| (*name, Some(text(value)))).collect()));
        let options = map(vec![
            ("json", self.json.map(Value::Bool)),
            ("required", self.required.map(Value::Bool)),
            ("env_var_name", self.env_var_name.map(text)),
            ("region", self.region.map(text)),
            ("version_id", self.version_id.map(text)),
            ("version_stage", self.version_stage.map(text)),
            ("env_vars", env_vars),
        ]);
        let value = map(vec![
            ("id", Some(text(self.id))),
            ("type", self.backend.map(text)),
            ("group", self.group.map(text)),
            ("role", self.role.map(text)),
            ("options", Some(options)),
        ]);
        Node { value, at: () }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_shows_the_names_of_inline_values_alone() {
        static SOURCES: &[Src] =
            &[Src::with_fields("a").backend("inline").env_vars(&[("NAME", "SeNtInEl")])];
        static STEP: Step = Step::new("step").sources(SOURCES);
        STEP.declared.get_or_init(|| STEP.declare()).as_ref().expect("it is good");
        let shown = format!("{:?} {STEP:?}", SOURCES[0]);
        assert!(shown.contains("NAME") && !shown.contains("SeNtInEl"), "{shown}");
    }
}
