//! AWS Secrets Manager: against a server of our own that fails on demand, and against the servers that
//! `SECRETS_TEST_MOTO_URL`, `SECRETS_TEST_MOTO_IAM_URL` and `SECRETS_TEST_MINISTACK_URL` name.

mod child;
mod errors;
mod existence;
mod fault_server;
mod leaks;
mod managers;
mod place;
mod plan;
mod recorded;
mod roles;
mod wire;

use std::time::Duration;

use fault_server::FaultServer;
use secrets_runtime::{AwsSecretsManager, Declaration, Error, Resolver, Secrets};

/// The backend at this address, in us-east-1, with a key that no server checks.
fn aws(url: &str) -> AwsSecretsManager {
    AwsSecretsManager::new()
        .with_endpoint_url(url)
        .with_region("us-east-1")
        .with_access_key("CALLER", "SeNtInEl-key", None)
        .with_timeouts(Duration::from_secs(5), Duration::from_secs(30))
}

fn resolver(aws: AwsSecretsManager) -> Resolver {
    Resolver::builder().backend(aws).default_backend("aws-secrets-manager").build().unwrap()
}

fn at(server: &FaultServer) -> Resolver {
    resolver(aws(&server.url))
}

/// What a step with these sources sees.
fn resolve<S: AsRef<str>>(resolver: &Resolver, sources: &[S]) -> Result<Secrets, Error> {
    let mut declaration = Declaration::builder("step");
    for source in sources {
        declaration = declaration.source(source.as_ref())?;
    }
    Ok(resolver.resolve_blocking(&declaration.build())?.secrets)
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("s{n}")).collect()
}

/// The address of a server, or a line that says that it is not there.
fn server(variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok().filter(|url| !url.is_empty());
    if url.is_none() {
        println!("skipped: {variable} is not set");
    }
    url
}
