//! The commands that read compiled programs.

pub mod explain;
pub mod inspect;
pub mod policy;
