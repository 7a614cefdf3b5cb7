//! The backends that every build has.

pub mod local;

pub use local::Local;
