/// The abilities and needs of a backend, by which the resolver treats it.
///
/// A backend returns them from [`Backend::capabilities`](crate::Backend::capabilities), always equal ones. A backend
/// that a program registers in place of a built-in type is treated by its own capabilities, not by those of the
/// built-in one.
///
/// ```
/// use secrets_runtime::Capabilities;
///
/// // A backend that reads files, at every step.
/// const FILES: Capabilities = Capabilities::new().cached(false).uses_role(false).needs_tokio(false);
/// assert!(!FILES.is_cached() && !FILES.is_role_used());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Capabilities {
    cached: bool,
    uses_role: bool,
    names_are_variables: bool,
    reads_environment: bool,
    /// `None` if the backend does not say: then the error of a call that hangs explains that tokio may be the cause.
    needs_tokio: Option<bool>,
    of_test: bool,
}

impl Capabilities {
    /// Returns the defaults: answers are cached, requests have their role, the names of fields become variables by the
    /// usual rules, values do not come from the process's environment. Nothing is said about tokio: the step polls the
    /// futures, and the error of a call that hangs or panics explains that tokio may be the cause.
    pub const fn new() -> Self {
        Self {
            cached: true,
            uses_role: true,
            names_are_variables: false,
            reads_environment: false,
            needs_tokio: None,
            of_test: false,
        }
    }

    /// Returns the capabilities of a test's secrets, which `testing::forbid_backends` does not forbid.
    pub(crate) const fn of_test() -> Self {
        let common = Self::new().cached(false).uses_role(false).needs_tokio(false);
        Self { of_test: true, ..common }
    }

    /// Whether the backend is the table of a test's secrets.
    pub(crate) const fn is_of_test(&self) -> bool {
        self.of_test
    }

    /// Sets whether later steps may use an answer for a while (`SECRETS_CACHE_TTL`), and whether steps that ask at the
    /// same time share one request. Set it to `false` for values that are read from the process or the machine itself:
    /// the backend is then asked at every step.
    pub const fn cached(mut self, cached: bool) -> Self {
        self.cached = cached;
        self
    }

    /// Sets whether secrets are read in a role. If so, a request has the role of its source, else of the attribute,
    /// else of the settings. If not, it has none, so that one attribute fits backends with roles and without, and
    /// roles share a cached answer.
    pub const fn uses_role(mut self, uses_role: bool) -> Self {
        self.uses_role = uses_role;
        self
    }

    /// Sets whether the names of fields are names of variables already, which are then checked and not converted.
    pub const fn names_are_variables(mut self, names_are_variables: bool) -> Self {
        self.names_are_variables = names_are_variables;
        self
    }

    /// Sets whether values may come from the process's environment. If so, an export does not collide with a variable
    /// that already has this very value.
    pub const fn reads_environment(mut self, reads_environment: bool) -> Self {
        self.reads_environment = reads_environment;
        self
    }

    /// Sets whether futures need tokio's reactor or timer. If so, they are polled on the I/O thread of this library,
    /// which has both under any executor: they must not block it. It needs the feature `tokio`;
    /// without it every request is [`ErrorKind::NotSupported`](crate::ErrorKind::NotSupported).
    ///
    /// That is for requests of steps. Code that calls a method of the backend directly polls its future as usual.
    pub const fn needs_tokio(mut self, needs_tokio: bool) -> Self {
        self.needs_tokio = Some(needs_tokio);
        self
    }

    /// Whether later steps may use an answer.
    #[must_use]
    pub const fn is_cached(&self) -> bool {
        self.cached
    }

    /// Whether secrets are read in a role.
    #[must_use]
    pub const fn is_role_used(&self) -> bool {
        self.uses_role
    }

    /// Whether the names of fields are names of variables already.
    #[must_use]
    pub const fn are_names_variables(&self) -> bool {
        self.names_are_variables
    }

    /// Whether values may come from the process's environment.
    #[must_use]
    pub const fn is_environment_read(&self) -> bool {
        self.reads_environment
    }

    /// Whether futures need tokio's reactor or timer.
    #[must_use]
    pub const fn is_tokio_needed(&self) -> bool {
        matches!(self.needs_tokio, Some(true))
    }

    /// Whether the backend says nothing about tokio.
    pub(crate) const fn is_tokio_unspecified(&self) -> bool {
        self.needs_tokio.is_none()
    }
}

impl Default for Capabilities {
    fn default() -> Self {
        Self::new()
    }
}
