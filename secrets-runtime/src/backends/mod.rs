//! The built-in backends.

#[cfg(feature = "aws")]
mod aws;
mod env;
mod file;
mod inline;
mod local;

#[cfg(feature = "aws")]
pub use aws::AwsSecretsManager;
pub use env::Env;
pub use file::File;
pub use inline::Inline;
pub use local::Local;
