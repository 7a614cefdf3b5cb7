//! The derive on what has no fields of a secret.
use secrets_runtime::SecretFields;

#[derive(SecretFields)]
enum Either {
    One,
    Other,
}

fn main() {}
