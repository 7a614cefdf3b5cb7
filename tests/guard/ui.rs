//! Programs that the macros must take and refuse with the feature `guard`.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("../ui/pass/*/*.rs");
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}
