use crate::{
    model::{mount_type::MountType, request::Request, request_view::RequestView},
    syntax::node::TextNode,
};

/// The fields of a request.
pub const REQUEST_FIELDS: &[&str] =
    &["group", "key", "group_version", "mount_requirement", "env_var"];

/// A request whose syntax has been read, but whose texts may be constants that only the compiler knows.
#[derive(Debug, Clone)]
pub struct RequestDraft<S> {
    /// Whether the whole request is a path to a `const` of type `Secret`. Its parts are `None` then.
    pub constant: bool,
    /// `group`.
    pub group: Option<TextNode<S>>,
    /// `key`.
    pub key: Option<TextNode<S>>,
    /// `group_version`.
    pub group_version: Option<TextNode<S>>,
    /// `mount_requirement`.
    pub mount_requirement: MountType,
    /// `env_var`.
    pub env_var: Option<TextNode<S>>,
    /// The position of the request.
    pub at: S,
}

impl<S> RequestDraft<S> {
    /// Returns the parts of the request; `None` if one of them is not known.
    #[must_use]
    pub fn view(&self) -> Option<RequestView<'_>> {
        if self.constant {
            return None;
        }
        Some(RequestView {
            group: known_ref(self.group.as_ref())?.unwrap_or_default(),
            key: known_ref(self.key.as_ref())?.unwrap_or_default(),
            group_version: known_ref(self.group_version.as_ref())?,
            mount_requirement: self.mount_requirement,
            env_var: known_ref(self.env_var.as_ref())?,
        })
    }

    /// Returns the request; `None` if a text is not known or is invalid.
    #[must_use]
    pub fn into_request(self) -> Option<Request> {
        Request::from_view(self.view()?).ok()
    }
}

/// Returns `None` if there is a text that is not known, and `Some(None)` if there is no text.
fn known_ref<S>(text: Option<&TextNode<S>>) -> Option<Option<&str>> {
    match text {
        None => Some(None),
        Some(text) => text.known.as_deref().map(Some),
    }
}
