//! Cold start: the first secret of a fresh process, from AWS Secrets Manager.

use secrets_runtime::{Error, current_context, secrets};

#[secrets(sources = ["aws-secrets-manager.first"])]
fn main() -> Result<(), Error> {
    current_context().secrets.get("first", "first").map(drop)
}
