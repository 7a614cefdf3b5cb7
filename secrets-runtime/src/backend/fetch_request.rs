use std::sync::OnceLock;

use secrets_spec::{CURRENT_STAGE, Options};

/// A request to a backend: the secret of a source, or a group and a key.
///
/// The resolver creates requests for steps. To test a backend, build one:
///
/// ```
/// use secrets_runtime::FetchRequest;
///
/// let request = FetchRequest::named("db").with_key("password").with_version_stage("AWSPREVIOUS");
/// assert_eq!((request.id(), request.key()), ("db", Some("password")));
/// assert_eq!(request.version_stage(), Some("AWSPREVIOUS"));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct FetchRequest<'a> {
    id: &'a str,
    key: Option<&'a str>,
    role: Option<&'a str>,
    region: Selected<'a>,
    version_id: Selected<'a>,
    version_stage: Selected<'a>,
    group_version: Option<&'a str>,
    env_var: Option<&'a str>,
    is_refresh: bool,
    options: &'a Options,
}

/// A region or a version.
#[derive(Debug, Clone, Copy)]
enum Selected<'a> {
    ByOptions,
    /// In place of that of the options.
    ByRequest(Option<&'a str>),
}

impl<'a> Selected<'a> {
    fn or(self, of_options: &'a Option<String>) -> Option<&'a str> {
        match self {
            Self::ByOptions => of_options.as_deref(),
            Self::ByRequest(text) => text,
        }
    }

    fn replace(self, of_options: &mut Option<String>) {
        if let Self::ByRequest(text) = self {
            *of_options = text.map(str::to_owned);
        }
    }
}

impl<'a> FetchRequest<'a> {
    /// Creates a request for the secret `id`, with the options of its source.
    #[must_use]
    pub fn new(id: &'a str, options: &'a Options) -> Self {
        Self {
            id,
            key: None,
            role: None,
            region: Selected::ByOptions,
            version_id: Selected::ByOptions,
            version_stage: Selected::ByOptions,
            group_version: None,
            env_var: None,
            is_refresh: false,
            options,
        }
    }

    /// Creates a request for the secret `id`, without options.
    #[must_use]
    pub fn named(id: &'a str) -> Self {
        static NONE: OnceLock<Options> = OnceLock::new();
        Self::new(id, NONE.get_or_init(Options::default))
    }

    /// Sets the key, which makes `id` a group.
    #[must_use]
    pub fn with_key(self, key: &'a str) -> Self {
        Self { key: Some(key), ..self }
    }

    /// Sets the role, as its ARN.
    #[must_use]
    pub fn with_role(self, role: impl Into<Option<&'a str>>) -> Self {
        Self { role: role.into(), ..self }
    }

    /// Sets the region, in place of the region in the options.
    #[must_use]
    pub fn with_region(self, region: impl Into<Option<&'a str>>) -> Self {
        Self { region: Selected::ByRequest(region.into()), ..self }
    }

    /// Sets the id of the version, in place of the id in the options.
    #[must_use]
    pub fn with_version_id(self, version_id: impl Into<Option<&'a str>>) -> Self {
        Self { version_id: Selected::ByRequest(version_id.into()), ..self }
    }

    /// Sets the stage of the version, in place of the stage in the options.
    #[must_use]
    pub fn with_version_stage(self, version_stage: impl Into<Option<&'a str>>) -> Self {
        Self { version_stage: Selected::ByRequest(version_stage.into()), ..self }
    }

    /// Sets the version as Flyte writes it: one text, which is the version's id if it is a UUID, else its stage.
    #[must_use]
    pub fn with_group_version(mut self, version: Option<&'a str>) -> Self {
        self.group_version = version;
        match version {
            None => self,
            Some(version) if is_uuid(version) => self.with_version_id(version),
            Some(version) => self.with_version_stage(version),
        }
    }

    /// Sets the variable that a platform may have put the value into.
    #[must_use]
    pub fn with_env_var(self, env_var: Option<&'a str>) -> Self {
        Self { env_var, ..self }
    }

    /// Sets whether this is a refresh.
    #[must_use]
    pub fn with_refresh(self, is_refresh: bool) -> Self {
        Self { is_refresh, ..self }
    }

    /// The secret's id; in a request for a key, the group, which may be empty.
    #[must_use]
    pub fn id(&self) -> &'a str {
        self.id
    }

    /// The key; `None` for a source, which is the whole secret.
    #[must_use]
    pub fn key(&self) -> Option<&'a str> {
        self.key
    }

    /// The role, as its ARN; `None` for a backend that has no roles
    /// ([`Capabilities::uses_role`](crate::Capabilities::uses_role)).
    #[must_use]
    pub fn role(&self) -> Option<&'a str> {
        self.role
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> Option<&'a str> {
        self.region.or(&self.options.region)
    }

    /// The id of the version.
    #[must_use]
    pub fn version_id(&self) -> Option<&'a str> {
        self.version_id.or(&self.options.version_id)
    }

    /// The stage of the version, such as `AWSPREVIOUS`.
    #[must_use]
    pub fn version_stage(&self) -> Option<&'a str> {
        self.version_stage.or(&self.options.version_stage)
    }

    /// Returns the stage of the version, or `None` if the stage alone selects the current version: without a stage the
    /// current version is read too.
    pub(crate) fn stage_unless_current(&self) -> Option<&'a str> {
        let is_id_given = self.version_id().is_some();
        self.version_stage().filter(|stage| *stage != CURRENT_STAGE || is_id_given)
    }

    /// Returns the `group_version`, as it is written. It is also the id or the stage of the version.
    ///
    /// ```
    /// use secrets_runtime::FetchRequest;
    ///
    /// let request = FetchRequest::named("db").with_key("password").with_group_version(Some("v2"));
    /// assert_eq!(request.group_version(), Some("v2"));
    /// assert_eq!(request.version_stage(), Some("v2"));
    /// ```
    #[must_use]
    pub fn group_version(&self) -> Option<&'a str> {
        self.group_version
    }

    /// The `env_var`, the variable in which a platform such as Union's passes the value. It is `None` with
    /// `mount_requirement = FILE`, where the variable has the path of a file.
    #[must_use]
    pub fn env_var(&self) -> Option<&'a str> {
        self.env_var
    }

    /// Whether this is a refresh: the last value was wrong, so a backend with a cache of its own asks its server.
    ///
    /// ```
    /// use secrets_runtime::{FetchRequest, Identity};
    ///
    /// let request = FetchRequest::named("db");
    /// assert!(!request.is_refresh() && request.with_refresh(true).is_refresh());
    /// // Both requests can share an answer.
    /// assert_eq!(Identity::of(&request), Identity::of(&request.with_refresh(true)));
    /// ```
    #[must_use]
    pub fn is_refresh(&self) -> bool {
        self.is_refresh
    }

    /// The options of the source. The region and the version have methods of their own, since a request may have
    /// others than its options.
    #[must_use]
    pub fn options(&self) -> &'a Options {
        self.options
    }

    /// Returns the options with the region and the version of this request.
    pub(super) fn selected_options(&self) -> Options {
        let mut options = self.options.clone();
        self.region.replace(&mut options.region);
        self.version_id.replace(&mut options.version_id);
        self.version_stage.replace(&mut options.version_stage);
        options
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
