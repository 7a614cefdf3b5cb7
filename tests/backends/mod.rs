//! The backends, a folder or a file each. Those that need a feature are programs of their own: `aws/`, and the
//! files of `apis.rs`.

mod conformance;
mod env;
mod exec;
mod file;
mod flyte;
mod inline;
mod payload_format;
mod prefect;
mod zenml;
