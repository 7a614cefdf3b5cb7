//! What the lock need not have, and calls that are not looked at.
use std::collections::BTreeMap;

use secrets_runtime::{Error, SecretValue, current_context, secrets, task};

const OPTIONAL: &str = "absent";
const VARIABLE: &str = "env.API_TOKEN";
const ENV: &str = "env";
const ALIAS: &str = "alias";

#[secrets(sources = [
    { id = "absent", options = { required = false } },
    { id = OPTIONAL, group = "other", options = { required = false } },
    "env.HOME",
    "file.mounted/db",
    VARIABLE,
    { type = "flyte", id = "x" },
    { type = "inline", id = "y", options = { env_vars = { A = "SeNtInEl" } } },
    { type = ENV, id = "PATH" },
    { type = "file", id = OPTIONAL, group = "third" },
])]
fn sources() -> Result<(), Error> {
    // Its keys are not known, and neither are its variables.
    let _ = current_context().secrets.get("absent", "anything")?;
    let _ = current_context().secrets.var("anything")?;
    Ok(())
}

#[task(secret_requests = [
    Secret(group = "api-token", key = "any"),
    Secret(group = "arn:aws:secretsmanager:us-west-2:123456789012:secret:", key = "db-AbCdEf"),
    Secret(key = "api-token", env_var = "TOKEN"),
])]
fn requests() -> Result<(), Error> {
    let _ = current_context().secrets.get("api-token", "any")?;
    let _ = current_context().secrets.get("", "api-token")?;
    let _ = current_context().secrets.var("TOKEN")?;
    Ok(())
}

#[secrets(sources = [
    "prod-db",
    "api-token",
    "arn:aws:secretsmanager:us-west-2:123456789012:secret:token-AbCdEf",
    { type = "aws-secrets-manager", id = "prod/db", group = "alias", options = { format = "text" } },
    { id = "certificate", options = { json = true } },
])]
fn parameters(
    #[secret("prod-db")] map: BTreeMap<String, SecretValue>,
    #[secret("prod-db", key = "port")] port: u16,
    #[secret("api-token", key = "api_token")] token: SecretValue,
    #[secret("alias", key = "prod_db")] whole: SecretValue,
    #[secret(ALIAS)] again: SecretValue,
    #[secret("certificate", key = "of-json")] certificate: SecretValue,
) -> Result<(), Error> {
    let arn = "arn:aws:secretsmanager:us-west-2:123456789012:secret:token-AbCdEf";
    let _ = (map, port, token, whole, again, certificate, arn);
    let _ = current_context().secrets.get(
        "arn:aws:secretsmanager:us-west-2:123456789012:secret:token-AbCdEf",
        "token",
    )?;
    Ok(())
}

#[secrets(sources = ["prod-db"])]
fn not_looked_at() -> Result<(), Error> {
    assert!(current_context().secrets.get("prod-db", "usr").is_err());
    assert!(current_context().secrets.get("undeclared", "usr").is_err());
    let _ = current_context().secrets.get("prod-db", "usr").unwrap_err();
    let _ = current_context().secrets.get("prod-db", "usr").is_ok();
    let _ = current_context().secrets.get("prod-db", "usr").err();
    let _ = current_context().secrets.get("prod-db", "usr").ok();
    let secrets = current_context().secrets;
    let _ = secrets.get("undeclared", "usr");
    #[cfg(any())]
    let _ = current_context().secrets.get("undeclared", "usr")?;
    fn nested() -> Result<(), Error> {
        current_context().secrets.get("undeclared", "usr").map(|_| ())
    }
    const NAME: fn() -> Result<(), Error> = || {
        let _ = current_context().secrets.get("undeclared", "usr")?;
        Ok(())
    };
    impl Other {
        fn method() -> Result<(), Error> {
            current_context().secrets.get("undeclared", "usr").map(|_| ())
        }
    }
    let _ = (nested, NAME, Other::method);
    Ok(())
}

struct Other;

fn main() {}
