//! AWS Secrets Manager: against a server of our own that fails on demand, and against the servers that
//! `SECRETS_TEST_MOTO_URL`, `SECRETS_TEST_MOTO_IAM_URL` and `SECRETS_TEST_MINISTACK_URL` name. One test takes the
//! database of `SECRETS_TEST_POSTGRES_URL` too.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test ends at the first surprise")]

mod child;
mod credentials;
mod database;
mod errors;
mod existence;
mod kept;
mod leaks;
mod listing;
mod managers;
mod place;
mod plan;
mod recorded;
mod roles;
mod setup;
mod wire;
