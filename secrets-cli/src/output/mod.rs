//! What the command writes: data on standard output, messages on standard error.

pub mod escape;
pub mod format;
pub mod json_object;
pub mod list_output;
pub mod output_file;
pub mod proxy_variables;
pub mod repeated_options;
pub mod reporter;
pub mod table;
pub mod variables;
pub mod wiped_output;
