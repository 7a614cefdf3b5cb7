//! Each program in its engine: the step has its secrets, and the engine has not. A test whose engine is not here says so
//! and passes; `cargo xtask test engines` has all of them.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod apalis;
mod athena;
mod dagster;
mod http;
mod lambda;
mod restate;
mod sandbox;
