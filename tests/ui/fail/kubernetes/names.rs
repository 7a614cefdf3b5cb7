//! Names of Secrets and namespaces that Kubernetes cannot have.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [
    "kubernetes.Prod/db",
    "kubernetes.prod/db_1",
    { id = "prod/", type = "kubernetes" },
    { id = "a/b/c", type = "kubernetes" },
])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
