//! The built-in backends, for programs that set one up in code.
//!
//! A program that leaves the choice to the settings needs none of these types. One that builds a resolver with a backend
//! names it here:
//!
//! ```
//! use secrets_runtime::{Error, Resolver, backends::File};
//!
//! let resolver = Resolver::builder().backend(File::new("/run/secrets")).default_backend("file").build()?;
//! assert_eq!(resolver.backend("file")?.kind(), "file");
//! # Ok::<(), Error>(())
//! ```

#[cfg(any(feature = "aws", feature = "aws-agent"))]
pub(crate) mod aws;
#[cfg(any(
    feature = "aws-agent",
    all(unix, feature = "exec"),
    feature = "kubernetes",
    feature = "prefect",
    feature = "vault",
    feature = "zenml"
))]
mod bounded_tasks;
pub(crate) mod env;
#[cfg(all(unix, feature = "exec"))]
pub(crate) mod exec;
pub(crate) mod file;
pub(crate) mod flyte;
#[cfg(any(
    feature = "aws",
    feature = "aws-agent",
    feature = "kubernetes",
    feature = "prefect",
    feature = "vault",
    feature = "zenml"
))]
#[cfg_attr(
    not(all(
        feature = "aws",
        feature = "aws-agent",
        feature = "kubernetes",
        feature = "prefect",
        feature = "vault",
        feature = "zenml"
    )),
    allow(dead_code, reason = "each backend uses a part of it")
)]
mod http;
pub(crate) mod inline;
#[cfg(feature = "kubernetes")]
pub(crate) mod kubernetes;
pub(crate) mod local;
mod mount;
pub(crate) mod prefect;
#[cfg(feature = "vault")]
pub(crate) mod vault;
#[cfg(feature = "zenml")]
pub(crate) mod zenml;

#[cfg(feature = "aws-agent")]
pub use crate::backends::aws::agent::AwsAgent;
#[cfg(feature = "aws")]
pub use crate::backends::aws::sdk::{secrets_manager::AwsSecretsManager, ssm::ParameterStore};
#[cfg(all(unix, feature = "exec"))]
pub use crate::backends::exec::Exec;
#[cfg(feature = "kubernetes")]
pub use crate::backends::kubernetes::Kubernetes;
#[cfg(feature = "vault")]
pub use crate::backends::vault::Vault;
#[cfg(feature = "zenml")]
pub use crate::backends::zenml::Zenml;
pub use crate::backends::{
    env::Env, file::File, flyte::Flyte, inline::Inline, local::Local, prefect::Prefect,
};
