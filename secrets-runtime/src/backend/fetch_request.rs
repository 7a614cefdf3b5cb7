use secrets_spec::Options;

/// What a backend is asked for: a source's secret, or a group and a key.
#[derive(Debug, Clone, Copy)]
pub struct FetchRequest<'a> {
    id: &'a str,
    key: Option<&'a str>,
    role: Option<&'a str>,
    version_id: Option<&'a str>,
    version_stage: Option<&'a str>,
    group_version: Option<&'a str>,
    env_var: Option<&'a str>,
    options: &'a Options,
}

impl<'a> FetchRequest<'a> {
    /// A request for the secret `id`, with these options.
    #[must_use]
    pub fn new(id: &'a str, options: &'a Options) -> Self {
        Self {
            id,
            key: None,
            role: None,
            version_id: options.version_id.as_deref(),
            version_stage: options.version_stage.as_deref(),
            group_version: None,
            env_var: None,
            options,
        }
    }

    /// The same with a key: `id` is a group then.
    #[must_use]
    pub fn with_key(self, key: &'a str) -> Self {
        Self { key: Some(key), ..self }
    }

    /// The same in this role.
    #[must_use]
    pub fn with_role(self, role: Option<&'a str>) -> Self {
        Self { role, ..self }
    }

    /// The same for a version that is given as Flyte gives it: an id if it is a UUID, else a stage.
    #[must_use]
    pub fn with_group_version(mut self, version: Option<&'a str>) -> Self {
        self.group_version = version;
        match version {
            None => self,
            Some(version) if is_uuid(version) => Self { version_id: Some(version), ..self },
            Some(version) => Self { version_stage: Some(version), ..self },
        }
    }

    /// The same with the variable that a platform may have put the value into.
    #[must_use]
    pub fn with_env_var(self, env_var: Option<&'a str>) -> Self {
        Self { env_var, ..self }
    }

    /// The secret's id; of a request, the group, which may be empty.
    #[must_use]
    pub fn id(&self) -> &'a str {
        self.id
    }

    /// The key of a request; `None` where a source is asked for.
    #[must_use]
    pub fn key(&self) -> Option<&'a str> {
        self.key
    }

    /// The role's ARN.
    #[must_use]
    pub fn role(&self) -> Option<&'a str> {
        self.role
    }

    /// The region of the options.
    #[must_use]
    pub fn region(&self) -> Option<&'a str> {
        self.options.region.as_deref()
    }

    /// The version's id.
    #[must_use]
    pub fn version_id(&self) -> Option<&'a str> {
        self.version_id
    }

    /// The version's stage, such as `AWSPREVIOUS`.
    #[must_use]
    pub fn version_stage(&self) -> Option<&'a str> {
        self.version_stage
    }

    /// The `group_version` of a request, as it is written; it is a version's id or stage too.
    ///
    /// ```
    /// use secrets_runtime::{FetchRequest, Options};
    ///
    /// let options = Options::default();
    /// let request = FetchRequest::new("db", &options).with_key("password").with_group_version(Some("v2"));
    /// assert_eq!(request.group_version(), Some("v2"));
    /// assert_eq!(request.version_stage(), Some("v2"));
    /// ```
    #[must_use]
    pub fn group_version(&self) -> Option<&'a str> {
        self.group_version
    }

    /// The `env_var` of a request, in which a platform such as Union's gives the value; `None` for a request
    /// with `mount_requirement = FILE`, whose variable holds a path.
    #[must_use]
    pub fn env_var(&self) -> Option<&'a str> {
        self.env_var
    }

    /// The source's options.
    #[must_use]
    pub fn options(&self) -> &'a Options {
        self.options
    }
}

/// 8-4-4-4-12 hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let mut parts = text.split('-');
    lengths.iter().all(|length| {
        let part = parts.next().unwrap_or_default();
        part.len() == *length && part.bytes().all(|b| b.is_ascii_hexdigit())
    }) && parts.next().is_none()
}
