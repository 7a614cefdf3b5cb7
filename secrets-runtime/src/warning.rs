//! stub
pub(crate) fn warn(_text: &str) {}
