//! The secrets of a test: a table, and the resolver whose only backend is that table.

mod resolver;
pub(crate) mod secrets;
