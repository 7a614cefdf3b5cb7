//! AWS by its SDK.

mod clients;
mod config;
pub(crate) mod credentials;
mod error;
mod fetch;
mod http_client;
mod interceptors;
mod io_call;
mod probe;
mod retries;
mod role;
mod scope;
pub(crate) mod secrets_manager;
pub(crate) mod settings;
pub(crate) mod ssm;
mod store;
