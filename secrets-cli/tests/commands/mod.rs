//! The tests, by command and by topic.

mod advice;
mod audit;
mod check;
mod credentials;
mod docs_page;
mod doctor;
mod errors;
#[cfg(all(unix, feature = "exec"))]
mod exec;
mod export_import;
mod help;
mod lifecycle;
mod list;
mod lock;
#[cfg(unix)]
mod masking;
mod messages;
mod metaflow_cases;
mod mounted_files;
mod plaintext_http;
mod program;
#[cfg(unix)]
mod prompts;
mod render;
mod run_resolve;
mod run_variables;
mod store;
mod trust;
mod values;
mod zenml_cases;
