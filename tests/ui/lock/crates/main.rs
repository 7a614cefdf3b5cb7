//! Crates that Cargo builds beside a `secrets.lock`: when they are compiled again, and what a file that cannot be used
//! does.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod rebuilds;
mod unusable;
mod workspace;
