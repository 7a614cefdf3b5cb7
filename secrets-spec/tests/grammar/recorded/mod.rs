//! Cases that were recorded with other systems.

mod flyte;
mod metaflow;
mod zenml;
