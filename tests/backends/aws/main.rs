//! AWS Secrets Manager: against a small server that fails on demand, and against the servers that
//! `SECRETS_TEST_MOTO_URL`, `SECRETS_TEST_MOTO_IAM_URL` and `SECRETS_TEST_MINISTACK_URL` name. One test takes the
//! database of `SECRETS_TEST_POSTGRES_URL` too.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test ends at the first surprise")]

mod agent;
mod batches;
mod cache;
mod child;
mod credentials;
mod database;
mod errors;
mod existence;
mod laptop_profiles;
mod leaks;
mod listing;
mod parameters;
mod parameters_at_moto;
mod real_servers;
mod recorded;
mod roles;
mod sdk_settings;
mod settings;
mod setup;
mod wire;
