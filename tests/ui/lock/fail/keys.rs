//! Keys of typed parameters that the secret does not have.
use secrets_runtime::{Error, SecretValue, secrets};

#[secrets(sources = [
    { id = "prod-db", group = "db" },
    { type = "aws-secrets-manager", id = "prod/db", options = { json = false, env_var_name = "DB" } },
])]
fn step(
    #[secret("db", key = "usr")] user: String,
    #[secret("prod/db", key = "user")] whole: SecretValue,
    #[secret("api-token", key = "token")] token: SecretValue,
    #[secret("certificate", key = "pem")] certificate: SecretValue,
) -> Result<(), Error> {
    let _ = (user, whole, token, certificate);
    Ok(())
}

fn main() {}
