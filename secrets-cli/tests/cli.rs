//! The `secrets` command, as a person and a script use it. Secret values contain `SeNtInEl`, so that a test can find
//! them where they must not be.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test ends at the first surprise")]

mod commands;
mod support;
