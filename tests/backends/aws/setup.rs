//! A backend at an address, and a resolver with it, for all tests of this program.

use std::time::Duration;

use secrets_runtime::{
    Declaration, Error, Resolver, ResolverBuilder, Secrets, backends::AwsSecretsManager,
};
use secrets_tests::fault_server::FaultServer;

/// The backend at this address, in us-east-1, with a key that no server checks.
pub fn aws(url: &str) -> AwsSecretsManager {
    AwsSecretsManager::new()
        .with_endpoint_url(url)
        .with_region("us-east-1")
        .with_access_key("CALLER", "SeNtInEl-key", None)
        .with_timeouts(Duration::from_secs(5), Duration::from_secs(30))
}

/// A resolver without a cache, so that every step asks.
pub fn resolver(aws: AwsSecretsManager) -> Resolver {
    builder(aws).cache_ttl(Duration::ZERO).build().unwrap()
}

pub fn builder(aws: AwsSecretsManager) -> ResolverBuilder {
    Resolver::builder().backend(aws).default_backend("aws-secrets-manager")
}

pub fn at(server: &FaultServer) -> Resolver {
    resolver(aws(&server.url))
}

/// The secrets of a step with these sources.
pub fn resolve<S: AsRef<str>>(resolver: &Resolver, sources: &[S]) -> Result<Secrets, Error> {
    let mut declaration = Declaration::builder("step");
    for source in sources {
        declaration = declaration.source(source.as_ref())?;
    }
    Ok(resolver.resolve_blocking(&declaration.build())?.secrets)
}

pub fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("s{n}")).collect()
}
