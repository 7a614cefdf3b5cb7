//! Literals in bodies that name what the secrets do not have.
use secrets_runtime::{Error, current_context, secrets};

#[secrets(sources = ["prod-db", { id = "api-token", group = "api" }])]
async fn step() -> Result<(), Error> {
    let user = current_context().secrets.get("prod-db", "usr")?;
    let port = secrets_runtime::current_context()
        .secrets
        .get(
            "prod-bd", // no such group
            "port",
        )?;
    let token = current_context().secrets.get("api", "token")?;
    let variable = current_context().secrets.var("passwort")?;
    let load = async || -> Result<(), Error> {
        if !(current_context().secrets.get(r"api-token", "token")?.expose_bytes().is_empty()) {
            return Ok(());
        }
        Ok(())
    };
    let _ = (user, port, token, variable);
    load().await
}

struct Service;

impl Service {
    #[secrets_runtime::task(secret_requests = [Secret(group = "prod-db", key = "user")])]
    fn method(&self) -> Result<(), Error> {
        let _ = current_context().secrets.get("prod-db", "usr")?;
        Ok(())
    }
}

fn main() {}
