//! Nothing that the expansion adds is found fault with by strict lints.
#![deny(warnings, missing_docs, unused, unused_qualifications, unreachable_pub, single_use_lifetimes)]
#![deny(elided_lifetimes_in_paths, let_underscore_drop, trivial_casts, variant_size_differences)]
#![deny(rust_2018_idioms, rust_2021_compatibility, future_incompatible)]
#![forbid(unsafe_code)]
use secrets_runtime::{Error, SecretValue, secrets, task};

const NAME: &str = "name";

#[secrets(sources = ["a", NAME])]
fn one() -> Result<(), Error> {
    Ok(())
}

#[task(secret_requests = [Secret(key = "k")])]
async fn two(text: &str) -> Result<&str, Error> {
    Ok(text)
}

#[secrets(sources = ["a"])]
#[task(role = "")]
fn three(#[secret("a")] value: SecretValue) -> Result<SecretValue, Error> {
    Ok(value)
}

#[secrets]
async fn four(#[secret("a")] value: SecretValue) -> Result<SecretValue, Error> {
    Ok(value)
}

fn main() {
    drop((one, three, two(""), four()));
}
