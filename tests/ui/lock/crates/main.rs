//! Crates that Cargo builds beside a `secrets.lock`: when they are compiled again, and what a file that cannot be used
//! does.

mod rebuilds;
mod unusable;
mod workspace;
