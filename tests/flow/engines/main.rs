//! A flow in the hands of other engines: Prefect runs its manifest, and Metaflow writes one of the same flow.
//!
//! They need moto (`SECRETS_TEST_MOTO_URL`), and the Pythons of `SECRETS_TEST_PYTHON_ARGO2PREFECT` and
//! `SECRETS_TEST_PYTHON_METAFLOW`; `cargo xtask test` has all of them.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod metaflow;
mod prefect;
