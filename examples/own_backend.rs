//! A custom backend: here a table in the program; in practice, say, a company's own vault.
//!
//! `cargo run --example own_backend`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{collections::BTreeMap, fmt};

use secrets_runtime::{
    Backend, BoxFuture, Capabilities, Error, ErrorKind, FetchRequest, Fetched, Identity, Resolver,
    SecretValue, backend::one_by_one, current_context, secrets,
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

    // This vault has no roles, and needs no tokio. One whose client is built on tokio says `needs_tokio(true)`.
    fn capabilities(&self) -> Capabilities {
        Capabilities::new().uses_role(false).needs_tokio(false)
    }

    // The options of a source do not matter here: two requests for one secret have one answer.
    fn identity(&self, request: &FetchRequest<'_>) -> Identity {
        Identity::without_options(request)
    }

    // One call asks for everything that a step needs from this backend, so a real one needs one round trip.
    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        let ids: Vec<_> = requests.iter().map(FetchRequest::id).collect();
        println!("the vault is asked, in one call, for {}", ids.join(", "));
        one_by_one(requests, |request| match self.secrets.get(request.id()) {
            Some(payload) => Ok(Fetched::json(payload.clone()).with_name(request.id())),
            None => Err(Error::new(ErrorKind::NotFound, format!("{self} has no such secret"))
                .with_help(format!("it has {:?}", self.secrets.keys().collect::<Vec<_>>()))),
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
