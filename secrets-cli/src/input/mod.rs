//! What the command reads: values, files, and answers at a terminal.

pub mod env_args;
pub mod program_args;
pub mod prompt;
pub mod resolve_args;
pub mod schema;
pub mod since;
pub mod typed_references;
pub mod value;
pub mod value_args;
