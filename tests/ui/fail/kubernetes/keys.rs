//! Keys that a Secret of Kubernetes cannot have.
use secrets_runtime::{Error, SecretValue, secrets};

#[secrets(sources = ["kubernetes.prod/db", { id = "smtp", type = "kubernetes", group = "mail" }])]
fn step(
    #[secret("kubernetes.prod/db", key = "tls/crt")] a: SecretValue,
    #[secret("mail", key = "pass word")] b: SecretValue,
    #[secret("kubernetes.other", key = "schlüssel")] c: SecretValue,
    #[secret("kubernetes.prod/db", key = "tls.crt_A-1")] d: SecretValue,
    #[secret("local.other2", key = "tls/crt")] e: SecretValue,
) -> Result<(), Error> {
    drop((a, b, c, d, e));
    Ok(())
}

fn main() {}
