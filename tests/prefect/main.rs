//! Prefect: what was recorded of it, each case in a process whose environment and `config.toml` are the
//! recorded ones.

mod case;
mod child;
mod local;
mod recorded;
