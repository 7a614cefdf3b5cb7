//! What the command reads: values, files, and answers at a terminal.

pub mod prompt;
pub mod schema;
pub mod value;
