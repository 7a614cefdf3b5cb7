//! What a program can do for the secrets in its own memory.
//!
//! A [`SecretValue`](crate::SecretValue) wipes its bytes when its last clone is dropped. Other copies are not this
//! library's: those that the program makes, those in buffers of HTTP libraries, and those in a core file.
//!
//! - [`no_core_dumps`] has the system write no memory of this process to disk when it crashes.
//! - With the feature `zeroizing-alloc`, `WipingAllocator` wipes whatever the program frees.
//!
//! ```
//! use secrets_runtime::{Error, process};
//!
//! fn main() -> Result<(), Error> {
//!     # if cfg!(unix) {
//!     process::no_core_dumps()?;
//!     # }
//!     // .. the steps
//!     Ok(())
//! }
//! ```

mod core_dumps;
#[cfg(feature = "zeroizing-alloc")]
mod wiping_allocator;

pub use core_dumps::no_core_dumps;
#[cfg(feature = "zeroizing-alloc")]
pub use wiping_allocator::WipingAllocator;
