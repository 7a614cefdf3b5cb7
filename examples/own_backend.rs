//! A custom backend: here a table in the program; in practice, say, a company's own vault.
//!
//! `cargo run --example own_backend`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{collections::BTreeMap, fmt};

use secrets_runtime::{
    Backend, BoxFuture, Error, ErrorKind, FetchRequest, Fetched, Resolver, SecretValue,
    current_context, secrets,
};

/// Secrets by their id.
#[derive(Debug)]
struct Vault {
    secrets: BTreeMap<&'static str, SecretValue>,
}

impl fmt::Display for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the vault of this example")
    }
}

impl Backend for Vault {
    fn kind(&self) -> &str {
        "my-vault"
    }

    // One call asks for everything that a step needs from this backend, so a real one needs one round trip.
    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async move {
            let ids: Vec<_> = requests.iter().map(FetchRequest::id).collect();
            println!("the vault is asked, in one call, for {}", ids.join(", "));
            let answer = |request: &FetchRequest<'_>| match self.secrets.get(request.id()) {
                Some(payload) => Ok(Fetched::json(payload.clone()).with_name(request.id())),
                None => Err(Error::new(ErrorKind::NotFound, format!("{self} has no such secret"))
                    .with_help(format!("it has {:?}", self.secrets.keys().collect::<Vec<_>>()))),
            };
            requests.iter().map(answer).collect()
        })
    }
}

#[secrets(sources = ["db", "api"])]
async fn step() -> Result<(), Error> {
    let secrets = current_context().secrets;
    println!("{:?} {:?}", secrets.get("db", "password")?, secrets.get("api", "token")?);
    Ok(())
}

#[secrets(sources = ["db", "apu", { id = "x", type = "other-vault" }])]
async fn mistaken() -> Result<(), Error> {
    unreachable!("the body runs only if everything was found")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let secrets = BTreeMap::from([
        ("db", SecretValue::from(r#"{"password": "correct horse"}"#)),
        ("api", SecretValue::from(r#"{"token": "t0k3n"}"#)),
    ]);
    Resolver::builder()
        .backend(Vault { secrets })
        .default_backend("my-vault")
        .build()?
        .install()?;
    step().await?;
    if let Err(error) = mistaken().await {
        println!("\n{error}");
    }
    Ok(())
}
