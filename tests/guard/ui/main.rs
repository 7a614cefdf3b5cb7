//! Programs that the macros must take and refuse with the feature `guard`.
#![allow(dead_code, reason = "each module has a `main`")]

// All programs of `ui/pass` that need not be crates, as modules.
include!(concat!(env!("OUT_DIR"), "/programs.rs"));

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("../ui/pass/crate/*.rs");
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}
