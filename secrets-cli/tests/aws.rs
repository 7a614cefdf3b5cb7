//! The `secrets` command with AWS Secrets Manager, on the server that `SECRETS_TEST_MOTO_URL` names.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test ends at the first surprise")]

mod secrets_manager;
#[allow(dead_code, reason = "the tests of the other backends use more of it")]
mod support;
