//! The file does not say what `current_context` is, and the compiler knows that it is the function of the runtime.
extern crate secrets_runtime as other;

use other::*;
use serde::Deserialize;

#[derive(Deserialize, SecretFields)]
#[allow(dead_code)]
struct Db {
    host: String,
}

#[secrets(sources = ["prod-db"])]
fn step() -> Result<(), Error> {
    let _ = current_context().secrets.get("prod-db", "usr")?;
    let _ = current_context().secrets.get("prod-bd", "user")?;
    let _ = current_context().secrets.var("passwort")?;
    let _ = current_context().secrets.get_as::<Db>("prod-db")?;
    Ok(())
}

struct Job<Conf>(Conf);

impl<Conf> Job<Conf> {
    #[secrets(sources = ["prod-db"])]
    async fn method(&self) -> Result<(), Error> {
        let _ = (current_context().secrets.get("prod-db", "usr")?, &self.0);
        Ok(())
    }
}

fn main() {}
