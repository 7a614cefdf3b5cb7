//! AWS: Secrets Manager and the Parameter Store, through the SDK or an agent on this machine.

#[cfg(feature = "aws-agent")]
pub(crate) mod agent;
mod aliases;
mod answer;
mod codes;
mod parameter;
#[cfg(feature = "aws")]
pub(crate) mod sdk;
mod target;
