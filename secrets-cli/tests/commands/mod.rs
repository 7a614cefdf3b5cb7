//! The tests, by command and by topic.

mod audit;
mod check;
mod credentials;
mod docs_page;
mod doctor;
#[cfg(all(unix, feature = "exec"))]
mod exec;
mod help;
mod lock;
#[cfg(unix)]
mod masking;
mod messages;
mod mounted_files;
mod plaintext_http;
mod program;
#[cfg(unix)]
mod prompts;
mod recorded;
mod render;
mod run_resolve;
mod run_variables;
mod store;
mod trust;
