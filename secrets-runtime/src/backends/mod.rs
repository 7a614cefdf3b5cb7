//! The built-in backends.

#[cfg(any(feature = "prefect", feature = "zenml"))]
mod address;
#[cfg(feature = "aws")]
mod aws;
mod env;
mod file;
pub(crate) mod flyte;
#[cfg(any(feature = "prefect", feature = "zenml"))]
mod http;
mod inline;
mod local;
mod mount;
#[cfg(any(feature = "aws", feature = "prefect", feature = "zenml"))]
mod open_way;
mod prefect;
#[cfg(any(feature = "aws", feature = "prefect", feature = "zenml"))]
mod shown;
#[cfg(feature = "zenml")]
mod zenml;

#[cfg(feature = "aws")]
pub use aws::AwsSecretsManager;
#[cfg(feature = "aws")]
pub(crate) use aws::CredentialsKeeper;
pub use env::Env;
pub use file::File;
pub use flyte::Flyte;
pub use inline::Inline;
pub use local::Local;
pub use prefect::Prefect;
#[cfg(feature = "zenml")]
pub use zenml::Zenml;
