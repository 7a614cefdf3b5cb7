//! The programs that the macros must take, in edition 2021.

#[test]
fn ui() {
    trybuild::TestCases::new().pass("../ui/pass/*/*.rs");
}
