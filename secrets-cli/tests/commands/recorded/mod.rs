//! Cases that were recorded with other systems.

mod metaflow;
mod zenml;
