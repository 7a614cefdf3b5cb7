//! Integration tests: programs as users write them, against the public names alone.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test ends at the first surprise")]

mod adversity;
mod blocking;
mod cache;
mod composition;
mod conformance;
mod errors;
mod files;
mod flyte;
mod foreign_attributes;
mod hostile;
mod inline_cases;
mod interleaved;
mod launch;
mod misordered_answers;
mod mounted_volumes;
mod own_backends;
mod readme;
mod refresh_on;
mod refreshed_runs;
mod rotating;
mod scope;
mod steps;
mod table;
mod test_scopes;
mod typed_parameters;
mod variables;
#[path = "../vault.rs"]
mod vault;
