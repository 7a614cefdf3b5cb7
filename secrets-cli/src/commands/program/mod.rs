//! The commands that read compiled programs.

pub mod explain;
pub mod inspect;
mod last_reads;
pub mod policy;
