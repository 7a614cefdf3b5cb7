//! Programs that the macros must take and refuse with the feature `guard`.
#![allow(
    dead_code,
    clippy::all,
    reason = "each module is a program, which is written to be unusual"
)]

// All programs of `ui/pass` that need not be crates, as modules. They are unusual on purpose, so clippy does not see them.
#[cfg(not(clippy))]
include!(concat!(env!("OUT_DIR"), "/programs.rs"));

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("../ui/pass/crate/*.rs");
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}
