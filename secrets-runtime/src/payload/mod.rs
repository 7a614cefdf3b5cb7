//! Reads payloads into fields, and fields into a user's types.

pub(crate) mod de;
pub(crate) mod decode;
pub(crate) mod dotenv;
pub(crate) mod fields;
pub(crate) mod json;
