//! The derive on what has no fields of a secret.
use secrets_runtime::SecretFields;

#[derive(SecretFields)]
enum Either {
    One,
    Other,
}

#[derive(SecretFields)]
#[secret_fields(krate = secrets_runtime)]
struct Db {
    user: String,
}

fn main() {}
