//! AWS: Secrets Manager and the Parameter Store, by the SDK or by an agent on this machine.

#[cfg(feature = "aws-agent")]
pub(crate) mod agent;
mod aliases;
mod answer;
mod codes;
mod parameter;
#[cfg(feature = "aws")]
pub(crate) mod sdk;
mod target;
