//! What the backends with an HTTP API share: a client, and addresses that are safe to print.

#[cfg(any(feature = "kubernetes", feature = "prefect", feature = "vault", feature = "zenml"))]
pub(crate) mod address;
#[cfg(any(
    feature = "aws-agent",
    feature = "kubernetes",
    feature = "prefect",
    feature = "vault",
    feature = "zenml"
))]
pub(crate) mod client;
#[cfg(any(feature = "vault", feature = "zenml"))]
pub(crate) mod login;
pub(crate) mod loopback;
#[cfg(any(
    feature = "aws",
    feature = "kubernetes",
    feature = "prefect",
    feature = "vault",
    feature = "zenml"
))]
pub(crate) mod plaintext;
pub(crate) mod proxies;
