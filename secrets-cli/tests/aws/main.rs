//! The `secrets` command with AWS Secrets Manager: against the server that `SECRETS_TEST_MOTO_URL` names.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test ends at the first surprise")]

#[allow(dead_code, reason = "the tests of the local store use more of it")]
#[path = "../cli/bench.rs"]
mod bench;
mod doctor;
mod keeping;
mod setup;
