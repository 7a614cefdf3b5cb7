//! The built-in backends.

#[cfg(feature = "aws")]
pub(crate) mod aws;
pub(crate) mod env;
pub(crate) mod file;
pub(crate) mod flyte;
#[cfg(any(feature = "aws", feature = "prefect", feature = "zenml"))]
mod http;
pub(crate) mod inline;
pub(crate) mod local;
mod mount;
pub(crate) mod prefect;
#[cfg(feature = "zenml")]
pub(crate) mod zenml;
