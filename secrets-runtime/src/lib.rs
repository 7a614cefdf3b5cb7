//! runtime (work in progress)
extern crate self as secrets_runtime;
pub mod backend;
mod error;
#[doc(hidden)]
#[path = "private/mod.rs"]
pub mod __private;
mod value;
pub use backend::{Backend, BoxFuture, FetchRequest, Fetched, Payload, Store};
pub use error::{Error, ErrorKind, Problem};
pub use secrets_macros::{secrets, task};
pub use secrets_spec::{MountType, Options, Secret};
pub use value::SecretValue;
mod backends;
mod warning;
pub use backends::Local;
