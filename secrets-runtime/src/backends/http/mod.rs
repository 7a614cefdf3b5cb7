//! What the backends with an HTTP API share: a client, and addresses that are safe to print.

pub(crate) mod address;
// The SDK of AWS has a client of its own.
#[cfg(any(
    feature = "aws-agent",
    feature = "kubernetes",
    feature = "prefect",
    feature = "vault",
    feature = "zenml"
))]
pub(crate) mod client;
pub(crate) mod login;
pub(crate) mod loopback;
pub(crate) mod plaintext;
pub(crate) mod proxies;
