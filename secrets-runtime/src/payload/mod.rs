//! From the bytes of a payload to fields, and from fields to a user's types.

pub(crate) mod de;
pub(crate) mod decode;
pub(crate) mod fields;
pub(crate) mod json;
