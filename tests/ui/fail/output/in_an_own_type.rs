//! A result of a custom type that is not serialisable, with a secret in a struct, an enum, a vector or an option.
use secrets_runtime::{Error, SecretValue, secrets};

struct Credentials {
    password: Option<SecretValue>,
}

enum Answer {
    Secrets(Vec<SecretValue>),
}

#[secrets(sources = ["a"], output = "serialize")]
fn of_a_struct() -> Result<Credentials, Error> {
    unreachable!()
}

#[secrets(sources = ["a"], output = "serialize")]
fn of_an_enum() -> Result<Vec<Option<Answer>>, Error> {
    unreachable!()
}

fn main() {}
