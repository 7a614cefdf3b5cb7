//! AWS: Secrets Manager and the Parameter Store, by the SDK or by an agent on this machine.

#[cfg(feature = "aws-agent")]
pub(crate) mod agent;
mod aliases;
mod answer;
#[cfg(feature = "aws")]
mod clients;
mod codes;
#[cfg(feature = "aws")]
mod config;
#[cfg(feature = "aws")]
pub(crate) mod credentials;
#[cfg(feature = "aws")]
mod error;
#[cfg(feature = "aws")]
mod fetch;
#[cfg(feature = "aws")]
mod http_client;
#[cfg(feature = "aws")]
mod interceptors;
#[cfg(feature = "aws")]
mod io_call;
mod parameter;
#[cfg(feature = "aws")]
mod retries;
#[cfg(feature = "aws")]
mod role;
#[cfg(feature = "aws")]
mod scope;
#[cfg(feature = "aws")]
pub(crate) mod sdk_settings;
#[cfg(feature = "aws")]
pub(crate) mod secrets_manager;
#[cfg(feature = "aws")]
pub(crate) mod ssm;
#[cfg(feature = "aws")]
mod store;
mod target;
