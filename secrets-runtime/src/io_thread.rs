//! The thread on which backends run code that needs tokio's reactor, whatever the step runs under.

use once_cell::sync::OnceCell;
use tokio::runtime::{Builder, Handle};

use crate::{Error, ErrorKind};

static HANDLE: OnceCell<Handle> = OnceCell::new();

/// Runs a future on the I/O thread of this library, which has tokio's reactor and timer.
///
/// It is for backends whose client is built on tokio: a step may run under another executor, or none, and a
/// synchronous step in a current-thread runtime would wait for a reactor that only that very thread drives.
/// The future ends when the returned one is dropped.
///
/// ```
/// use secrets_runtime::backend::on_io_thread;
///
/// // No runtime is running here.
/// let waited = futures_lite_block_on(on_io_thread(async {
///     tokio::time::sleep(std::time::Duration::from_millis(1)).await;
///     7
/// }));
/// assert_eq!(waited?, 7);
/// # fn futures_lite_block_on<F: Future>(future: F) -> F::Output {
/// #     tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
/// # }
/// # Ok::<(), secrets_runtime::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Unavailable`] if the thread cannot be started, or the future panics.
pub async fn on_io_thread<F>(future: F) -> Result<F::Output, Error>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let handle = HANDLE.get_or_try_init(start)?;
    let task = handle.spawn(future);
    let abort = AbortOnDrop(task.abort_handle());
    let output = task.await;
    drop(abort);
    output.map_err(|_| Error::new(ErrorKind::Unavailable, "the backend panicked on the I/O thread"))
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn start() -> Result<Handle, Error> {
    let failed = |cause: std::io::Error| {
        Error::new(ErrorKind::Unavailable, "the I/O thread cannot be started").with_cause(cause)
    };
    let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let handle = runtime.handle().clone();
    let forever = std::future::pending::<()>();
    let thread = std::thread::Builder::new().name("secrets-io".to_owned());
    thread.spawn(move || runtime.block_on(forever)).map_err(failed)?;
    Ok(handle)
}
