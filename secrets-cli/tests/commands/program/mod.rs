//! `inspect`, `policy` and `explain`, of this test as a program with steps.

mod builds;
mod explain;
mod inspect;
mod policy;
mod policy_check;
#[cfg(feature = "kubernetes")]
mod policy_cluster;
mod policy_formats;
mod policy_parameters;
mod steps;

use std::path::PathBuf;

/// Returns this program.
pub fn this_program() -> PathBuf {
    steps::keep();
    std::env::current_exe().unwrap()
}

/// Returns a record, in the form in which the macros write it. It is put together when the test runs: this program has
/// no records but those of its steps.
pub fn record(json: &str) -> Vec<u8> {
    let start: String = ['\u{2}', 's', 'e', 'c', 'r', 'e', 't', 's'].iter().collect();
    format!("{start}-step-1:{json}\u{3}").into_bytes()
}

/// Returns the record of a step with these sources, in JSON.
pub fn step(name: &str, sources: &str) -> Vec<u8> {
    record(&format!(
        r#"{{"step":"{name}","module":"app::jobs","file":"src/jobs.rs","line":12,"sources":{sources}}}"#
    ))
}
