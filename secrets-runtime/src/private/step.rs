use std::sync::OnceLock;

use secrets_spec::Secret;

/// The descriptor of a step: what its attributes declare, as a `static` of the program.
#[derive(Debug)]
pub struct Step {
    pub(crate) name: &'static str,
    pub(crate) sources: &'static [Src],
    pub(crate) requests: &'static [Secret],
    pub(crate) parameters: &'static [Parameter],
    pub(crate) role: Option<&'static str>,
    pub(crate) allow_override: bool,
    pub(crate) export_process: bool,
    pub(crate) in_test: bool,
    pub(crate) declaration: OnceLock<()>,
}

impl Step {
    /// A step of this name that declares nothing.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            sources: &[],
            requests: &[],
            parameters: &[],
            role: None,
            allow_override: false,
            export_process: false,
            in_test: false,
            declaration: OnceLock::new(),
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

/// A source of a step.
#[derive(Debug, Clone, Copy)]
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

/// A typed parameter of a step.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    pub(crate) source: &'static str,
    pub(crate) key: Option<&'static str>,
}

impl Parameter {
    /// A parameter that is the whole secret.
    #[must_use]
    pub const fn new(source: &'static str) -> Self {
        Self { source, key: None }
    }

    /// A parameter that is one field.
    #[must_use]
    pub const fn key(mut self, key: &'static str) -> Self {
        self.key = Some(key);
        self
    }
}

