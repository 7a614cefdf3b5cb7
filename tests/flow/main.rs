//! The program of a flow: what it runs, what it shows, and what it writes down.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod cluster;
mod kubectl;
mod manifest;
mod masking;
mod oracles;
#[cfg(target_os = "linux")]
mod progress;
mod refusals;
mod runs;
mod shown;
mod steps;
mod supervisor;
