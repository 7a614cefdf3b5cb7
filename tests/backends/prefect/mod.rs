//! Prefect: what was recorded of it, each case in a process whose environment and `config.toml` are the
//! recorded ones. `cloud`, `faults` and `server` belong to the program `apis.rs`.

mod local;
mod recorded;
