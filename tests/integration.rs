//! Integration tests: programs as users write them, with the public names only.
//!
//! Shared backends, servers and child processes are in `support/`, the library of this package.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test ends at the first surprise")]

mod audit;
mod backends;
mod cache;
mod config;
mod resolver;
mod steps;

/// The process of a lookup (`secrets_tests::lookup`).
#[test]
fn looks_one_secret_up() {
    secrets_tests::lookup::run();
}
