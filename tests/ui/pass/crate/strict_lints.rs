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

fn is_meant(error: &Error) -> bool {
    error.is_transient()
}

#[secrets(refresh_on = is_meant)]
async fn five(text: &str, (a, mut b): (u8, u8)) -> Result<(u8, &str), Error> {
    b += a;
    Ok((b, text))
}

#[secrets(refresh_on = is_meant)]
fn six(rows: Vec<u8>, #[secret("a")] value: SecretValue) -> Result<usize, Error> {
    drop(value);
    Ok(rows.len())
}

fn main() {
    drop((one, three, two(""), four(), five("", (1, 2)), six));
}
