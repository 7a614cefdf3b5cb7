//! The programs that the macros must take, in edition 2021.
#![allow(dead_code, reason = "each module has a `main`")]

// All programs of `ui/pass` that need not be crates, as modules.
include!(concat!(env!("OUT_DIR"), "/programs.rs"));

#[test]
fn programs_that_are_crates() {
    trybuild::TestCases::new().pass("../ui/pass/crate/*.rs");
}
