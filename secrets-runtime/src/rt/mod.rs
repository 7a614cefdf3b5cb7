//! Futures without a runtime: blocking on one, waiting for many, a clock and a timer, and threads for I/O.

pub(crate) mod block_on;
#[cfg(any(feature = "prefect", feature = "zenml"))]
pub(crate) mod blocking_pool;
pub(crate) mod clock;
#[cfg(feature = "tokio")]
pub(crate) mod io_thread;
pub(crate) mod join_all;
pub(crate) mod timer;
