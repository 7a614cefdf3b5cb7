//! A struct or an enum with a secret cannot be serialised.
use secrets_runtime::{Error, SecretValue, secrets};

#[derive(serde::Serialize)]
struct Report {
    rows: usize,
    password: SecretValue,
}

#[derive(serde::Serialize)]
enum Outcome {
    Done(SecretValue),
}

#[secrets(sources = ["a"], output = "serialize")]
fn step() -> Result<(Report, Outcome), Error> {
    unreachable!()
}

fn main() {}
