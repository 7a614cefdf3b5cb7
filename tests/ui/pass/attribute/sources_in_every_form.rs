//! Every way to write a source.
#![deny(warnings)]
use secrets_runtime::{Error, secrets};

const PROD_DB: &str = "prod-db";
mod names {
    pub const REGION: &str = "us-west-2";
    pub const ID: &str = "in-a-module";
}

#[secrets(
    sources = [
        "metaflow-example-password",
        "aws-secrets-manager.prod/db",
        "arn:aws:secretsmanager:us-west-2:001234556000:secret:some-secret",
        "arn:aws-cn:secretsmanager:cn-north-1:001234556000:secret:other-AbCdEf",
        { id = "my-secret-plain", options = { json = false } },
        {"id": "my-python", "options": {"json": false, "env_var_name": "TOKEN"}},
        {"id": "my-python-2", "type": "local", "role": ""},
        { id = "versioned", type = "aws-secrets-manager", group = "old", options = { version_stage = "AWSPREVIOUS", region = names::REGION } },
        { id = "by-version", options = { version_id = "1", required = false } },
        { id = "values", type = "inline", options = { env_vars = { DB_USER = "app" } } },
        { id = "own", type = "my-vault" },
        { id = "app.env", type = "file", group = "app", options = { format = "dotenv" } },
        r"raw",
        PROD_DB,
        names::ID,
        { id = PROD_DB, group = "again" },
    ],
    role = "arn:aws:iam::123456789012:role/SecretsAccess",
    allow_override = false,
    export = "none",
    crate = ::secrets_runtime,
)]
fn start() -> Result<(), Error> {
    Ok(())
}

fn main() {
    let _ = start;
}
