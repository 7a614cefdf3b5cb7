//! The programs that the macros must take, in edition 2021.
#![allow(
    dead_code,
    clippy::all,
    reason = "each module is a program, which is written to be unusual"
)]

// All programs of `ui/pass` that need not be crates, as modules. They are unusual on purpose, so clippy does not see them.
#[cfg(not(clippy))]
include!(concat!(env!("OUT_DIR"), "/programs.rs"));

#[test]
fn programs_that_are_crates() {
    trybuild::TestCases::new().pass("../ui/pass/crate/*.rs");
}
