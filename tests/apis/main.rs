//! The HTTP APIs of Prefect and ZenML: real servers where `cargo xtask` has started them, and a stub for Prefect
//! 1's Cloud, which is no longer there.
#![allow(clippy::print_stdout, reason = "a test says what it skips")]

#[path = "../prefect/case.rs"]
mod case;
#[path = "../prefect/child.rs"]
mod child;
mod faults;
mod json;
mod prefect_cloud;
mod prefect_server;
mod stub;
mod threads;
mod zenml_server;
