//! Helpers for plain text, which know nothing of secrets.

pub(crate) mod bytes;
pub(crate) mod const_text;
pub(crate) mod edit_distance;
pub(crate) mod escape;
pub(crate) mod shell;
