//! The commands that print what the command line accepts: completions, and the manual pages.

pub mod completions;
pub mod man;
