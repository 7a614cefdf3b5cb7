//! Manifests for Argo Workflows and Kubernetes.

pub mod argo;
pub mod cron;
pub mod deployment;
pub mod documents;
pub mod environment;
pub mod job;
mod node;
mod pod;
mod volumes;
mod yaml;
