//! What only processes can show: the environment of one, and the files that one leaves behind.
//!
//! The program starts itself again for each case, so that a case has a process with one thread to itself. The
//! arguments are parts of the names of cases, as `cargo test` takes them.
#![cfg(unix)]
#![allow(clippy::print_stdout, reason = "this is a program: it says which case fails")]
#![allow(clippy::unwrap_used, reason = "a case that panics has failed")]

mod audit;
mod cached_steps;
mod child;
#[cfg(target_os = "linux")]
mod core_dumps;
mod export;
mod exporting_steps;
mod files;
mod forbidden_backends;
mod leased_steps;
mod masking;
mod settings;
mod threads;
mod wiping;

use std::{env, process::ExitCode};

use child::{CASE, child};

fn main() -> ExitCode {
    if let Ok(name) = env::var(CASE) {
        let helpers = threads::HELPERS
            .iter()
            .chain(files::HELPERS)
            .chain(cached_steps::HELPERS)
            .chain(settings::HELPERS)
            .chain(audit::HELPERS)
            .chain(masking::HELPERS)
            .chain(wiping::HELPERS);
        let (_, case) = cases().chain(helpers).find(|(known, _)| *known == name).unwrap();
        case();
        return ExitCode::SUCCESS;
    }
    let parts: Vec<_> = env::args().skip(1).filter(|part| !part.starts_with('-')).collect();
    let asked = |name: &str| parts.is_empty() || parts.iter().any(|part| name.contains(part));
    let mut failed = 0;
    for (name, _) in cases().filter(|(name, _)| asked(name)) {
        let good = child(name).status().unwrap().success();
        println!("test {name} ... {}", if good { "ok" } else { "FAILED" });
        failed += usize::from(!good);
    }
    println!("{failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn cases() -> impl Iterator<Item = &'static (&'static str, fn())> {
    let steps = cached_steps::CASES.iter().chain(wiping::CASES);
    #[cfg(target_os = "linux")]
    let steps = steps.chain(core_dumps::CASES);
    export::CASES
        .iter()
        .chain(threads::CASES)
        .chain(files::CASES)
        .chain(settings::CASES)
        .chain(forbidden_backends::CASES)
        .chain(audit::CASES)
        .chain(masking::CASES)
        .chain(leased_steps::CASES)
        .chain(steps)
}
