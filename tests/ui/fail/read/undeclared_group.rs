//! Without a lock too: a literal group that the step does not declare.
use secrets_runtime::{Error, SecretValue, current_context, secrets, task};

#[secrets(sources = ["local.prod-db", { id = "x", group = "api" }])]
async fn sources() -> Result<(), Error> {
    let _ = current_context().secrets.get("prod-bd", "password")?;
    let _ = ::secrets_runtime::current_context().secrets.get_as::<String>("local.prod-db")?;
    Ok(())
}

#[task(secret_requests = [Secret(key = "token"), Secret(group = "db", key = "user")])]
fn requests() -> Result<(), Error> {
    let _ = current_context().secrets.get("token", "token")?;
    Ok(())
}

#[secrets]
fn parameter(#[secret("prod-db")] db: SecretValue) -> Result<(), Error> {
    let _ = (db, current_context().secrets.get("other", "user")?);
    Ok(())
}

#[secrets(sources = ["prod-db"])]
fn returned() -> Result<(), Error> {
    return ::secrets_runtime::current_context().secrets.get("prod-dc", "user").map(|_| ());
}

macro_rules! step {
    ($group:literal) => {
        #[secrets(sources = ["prod-db"])]
        fn generated() -> Result<(), Error> {
            current_context().secrets.get($group, "user").map(|_| ())
        }
    };
}

step!("prod-db2");

fn main() {}
