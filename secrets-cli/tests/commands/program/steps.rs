//! Steps, which make this test a program that the command can inspect. Each test names the line of a step with
//! [`line_of`], so that lines may be added.

use std::collections::BTreeMap;

use secrets_runtime::{Error, Secret, SecretValue, current_context, secrets, task};

/// A source that only the compiler knows.
pub const API: &str = "api";
const REQUEST: Secret = Secret::new("db", "password").group_version("v2").env_var("DB_PASSWORD");

#[secrets(
    sources = [
        "prod-db",
        "aws-secrets-manager.prod/reports",
        { id = "plain", options = { json = false, region = "eu-west-1" }, group = "token", role = "" },
        { id = "mine", type = "my-vault", role = "deployer", options = { engine = "kv" } },
        { id = "values", type = "inline", options = { env_vars = { NAME = "SeNtInEl-inline" } } },
        API,
    ],
    role = "arn:aws:iam::123456789012:role/SecretsAccess",
    output = "serialize",
    guard = "warn",
)]
pub fn load(
    #[secret("prod-db", key = "password")] _password: SecretValue,
    #[secret("prod-db", key = "user")] _user: String,
    #[secret("api", key = "token")] _token: SecretValue,
    #[secret("extra")] _extra: BTreeMap<String, String>,
) -> Result<u32, Error> {
    Ok(1)
}

pub mod jobs {
    use super::*;

    /// Another `load`.
    #[task(secret_requests = [Secret(group = "flyte", key = "api-key", mount_requirement = FILE), REQUEST])]
    pub async fn load() -> Result<(), Error> {
        current_context().secrets.get("db", "password").map(drop)
    }

    #[secrets]
    pub fn at_launch() -> Result<(), Error> {
        Ok(())
    }
}

/// Refers to every step, so that none is left out of the program.
pub fn keep() {
    std::hint::black_box((
        load as fn() -> _,
        jobs::load as fn() -> _,
        jobs::at_launch as fn() -> _,
    ));
}

/// Returns the line of the attribute above a function, which begins with these words.
pub fn line_of(function: &str) -> usize {
    let text = include_str!("steps.rs");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let place = lines.iter().position(|line| line.contains(&format!("{function}("))).unwrap();
    let attribute = |line: &&str| line.starts_with("#[secrets") || line.starts_with("#[task");
    lines[..place].iter().rposition(attribute).unwrap() + 1
}
