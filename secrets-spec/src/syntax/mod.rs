//! Declarations before they have a meaning: the syntax that JSON text and the tokens of an attribute share.

pub(crate) mod diagnostic;
pub(crate) mod fields;
pub(crate) mod json;
pub(crate) mod node;
