use crate::model::{mount_type::MountType, request_view::RequestView};

/// A request for a secret by group and key, as a constant: Flyte's `Secret`.
///
/// ```
/// # use secrets_spec as secrets_runtime;
/// use secrets_runtime::{MountType, Secret};
///
/// const PASSWORD: Secret = Secret::new("db", "password").mount_requirement(MountType::FILE);
/// assert_eq!((PASSWORD.view().group, PASSWORD.view().key), ("db", "password"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Secret(RequestView<'static>);

impl Secret {
    /// Creates a request for `key` of `group`. One of the two may be empty.
    #[must_use]
    pub const fn new(group: &'static str, key: &'static str) -> Self {
        let mount_requirement = MountType::ANY;
        Self(RequestView { group, key, group_version: None, mount_requirement, env_var: None })
    }

    /// Sets the version of the group.
    #[must_use]
    pub const fn group_version(self, version: &'static str) -> Self {
        Self(RequestView { group_version: Some(version), ..self.0 })
    }

    /// Sets how the body can read the secret.
    #[must_use]
    pub const fn mount_requirement(self, mount_requirement: MountType) -> Self {
        Self(RequestView { mount_requirement, ..self.0 })
    }

    /// Sets the variable that also has the value.
    #[must_use]
    pub const fn env_var(self, name: &'static str) -> Self {
        Self(RequestView { env_var: Some(name), ..self.0 })
    }

    /// Returns the parts of the request.
    #[must_use]
    pub const fn view(&self) -> RequestView<'static> {
        self.0
    }
}
