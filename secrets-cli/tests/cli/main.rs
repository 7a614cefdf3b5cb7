//! The `secrets` command, as a person and a script use it. Values contain `SeNtInEl`, so that a test can tell
//! where one shows up.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test ends at the first surprise")]

mod bench;
mod checks;
mod documented;
mod errors;
mod exchange;
mod inline_cases;
mod launch;
mod listing;
mod manners;
mod open_ways;
mod plain;
#[cfg(unix)]
mod prompts;
mod store;
mod templates;
mod zenml_cases;
