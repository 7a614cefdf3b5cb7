//! The built-in backends.

mod env;
mod file;
mod inline;
mod local;
mod prefect;

pub use env::Env;
pub use file::File;
pub use inline::Inline;
pub use local::Local;
pub use prefect::Prefect;
