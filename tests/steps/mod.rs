//! Annotated functions: what their bodies see, and other attributes beside ours.

mod attributes;
mod blocking;
mod composition;
mod errors;
mod foreign_attributes;
mod interleaved;
mod launch;
mod refresh_on;
mod refresh_on_runs;
mod scope;
mod secret_files;
mod testing;
mod typed_parameters;
mod variables;
