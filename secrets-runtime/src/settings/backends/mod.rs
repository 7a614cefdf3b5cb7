//! The settings of each backend.

pub(crate) mod aws;
#[cfg(not(feature = "aws"))]
pub(crate) mod aws_profile;
pub(crate) mod exec;
pub(crate) mod file;
pub(crate) mod flyte;
pub(crate) mod kubernetes;
pub(crate) mod local;
pub(crate) mod prefect;
pub(crate) mod unread_tables;
pub(crate) mod vault;
pub(crate) mod zenml;
