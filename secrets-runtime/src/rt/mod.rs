//! Futures without a runtime: blocking on one, waiting for many, running one in the background, a clock and a timer, and
//! a thread for I/O.

pub(crate) mod background;
pub(crate) mod block_on;
pub(crate) mod clock;
#[cfg(feature = "tokio")]
pub(crate) mod io_thread;
pub(crate) mod join_all;
pub(crate) mod process_local;
pub(crate) mod timer;
