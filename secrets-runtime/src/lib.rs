//! Secrets for steps of jobs: declared by an attribute, checked when the program compiles, fetched together
//! before the body runs, readable only inside it, and never printed or stored.
//!
//! ```
//! use secrets_runtime::{Error, current_context, secrets};
//!
//! #[secrets(sources = ["prod-db"])]
//! async fn load() -> Result<(), Error> {
//!     let password = current_context().secrets.get("prod-db", "password")?;
//!     connect(password.expose_str()?).await
//! }
//! # async fn connect(_password: &str) -> Result<(), Error> { Ok(()) }
//! ```
//!
//! A step is a `fn` or an `async fn` with [`#[secrets]`](macro@secrets) or [`#[task]`](macro@task). Where its
//! secrets are kept is decided when the program runs: by default in the embedded encrypted store of this
//! machine, elsewhere in whatever `SECRETS_DEFAULT_BACKEND` names.
//!
//! # What it guarantees
//! - The body runs only if everything that it declares was found; every problem is reported at once, with its
//!   source and what to do.
//! - A step sees what it declared and nothing else.
//! - A [`SecretValue`] is not printed, serialised or compared by accident, and its bytes are wiped when the last
//!   holder lets go.
//! - No error, panic or log of this library holds a value.
//!
//! # What it does not
//! - A copy that the program makes of a value is the program's to wipe.
//! - A process of the same user, or root, can read this process's memory.
//!
//! # Features
//! None is on by default, and each only adds:
//! - `aws`: the backend `aws-secrets-manager` (it needs Rust 1.94.1).
//! - `clap`: `cli::SecretsArgs`, to flatten into a program's own command line.
//! - `conformance`: the suite that every backend passes.
//! - `prefect`: Prefect's servers and Cloud, behind its local context, which is always there.
//! - `tokio`: `backend::on_io_thread`, for backends that need tokio's reactor.
//! - `tracing`: warnings are events instead of lines on standard error.
//! - `zenml`: the backend `zenml`, a ZenML server's secrets.
#![cfg_attr(docsrs, feature(doc_cfg))]

// The macros' expansions name the crate, also in its own documentation tests and unit tests.
#[allow(unused_extern_crates, reason = "used by expansions in tests of this crate alone")]
extern crate self as secrets_runtime;

pub mod backend;
#[cfg(feature = "clap")]
pub mod cli;
pub mod config;
pub mod defaults;
pub mod testing;

#[doc(hidden)]
#[path = "private/mod.rs"]
pub mod __private;
mod backends;
mod block_on;
mod cache;
mod call;
mod changes;
#[cfg(feature = "conformance")]
pub mod conformance;
mod context;
mod declaration;
mod decode;
mod environment;
mod error;
mod fields;
mod files;
mod get_secret;
mod group;
#[cfg(feature = "tokio")]
mod io_thread;
mod join;
mod overrides;
mod owned_request;
mod payload_json;
mod render;
mod resolver;
mod run_folder;
mod secrets;
pub mod settings;
mod stack;
mod stored_secret;
mod text;
mod timer;
mod trust;
mod typed;
mod value;
mod variables;
mod warning;
mod written;

pub use __private::{preflight, preflight_blocking};
pub use backend::{Backend, BoxFuture, FetchRequest, Fetched, Payload, Store};
#[cfg(feature = "aws")]
pub use backends::AwsSecretsManager;
#[cfg(feature = "zenml")]
pub use backends::Zenml;
pub use backends::{Env, File, Flyte, Inline, Local, Prefect};
pub use context::{Context, Entered, Scoped, current_context, try_current_context};
pub use declaration::{Declaration, DeclarationBuilder};
pub use error::{Error, ErrorKind, Problem};
pub use get_secret::{get_secret, get_secret_blocking};
pub use resolver::{Checked, Report, Resolver, ResolverBuilder};
pub use secrets::{Attempt, Entry, Secrets};
pub use secrets_macros::{secrets, task};
pub use secrets_spec::{InlineVars, MountType, Options, RequestView, Secret};
pub use settings::setting::Setting;
pub use settings::validation_level::ValidationLevel;
pub use stored_secret::{StoredField, StoredSecret};
pub use value::SecretValue;
