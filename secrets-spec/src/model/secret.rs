use crate::model::{mount_type::MountType, request_view::RequestView};

/// A secret that a step requests by group and key, as a constant: Flyte's `Secret`.
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
    /// A request for `key` of `group`. One of the two may be empty.
    #[must_use]
    pub const fn new(group: &'static str, key: &'static str) -> Self {
        let mount_requirement = MountType::ANY;
        Self(RequestView { group, key, group_version: None, mount_requirement, env_var: None })
    }

    /// The version of the group.
    #[must_use]
    pub const fn group_version(self, version: &'static str) -> Self {
        Self(RequestView { group_version: Some(version), ..self.0 })
    }

    /// How it is given to the body.
    #[must_use]
    pub const fn mount_requirement(self, mount_requirement: MountType) -> Self {
        Self(RequestView { mount_requirement, ..self.0 })
    }

    /// The variable it is also given as.
    #[must_use]
    pub const fn env_var(self, name: &'static str) -> Self {
        Self(RequestView { env_var: Some(name), ..self.0 })
    }

    /// Its parts.
    #[must_use]
    pub const fn view(&self) -> RequestView<'static> {
        self.0
    }
}
