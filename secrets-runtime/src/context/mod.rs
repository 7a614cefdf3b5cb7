mod audited_reads;
pub(crate) mod entry;
pub(crate) mod env_vars;
pub(crate) mod export_rules;
pub(crate) mod freshness;
pub(crate) mod group;
#[cfg(feature = "guard")]
mod guarded_call;
#[cfg(feature = "guard")]
pub(crate) mod guarded_fields;
pub(crate) mod open_lease;
pub(crate) mod process_env;
pub(crate) mod provenance;
mod read_error;
pub(crate) mod refresh;
pub(crate) mod render;
pub(crate) mod resolved;
pub(crate) mod run_dir;
pub(crate) mod secret_files;
pub(crate) mod secrets;
pub(crate) mod shared_lease;
pub(crate) mod stack;

use std::{
    fmt,
    marker::PhantomData,
    pin::Pin,
    task::{Context as TaskContext, Poll},
};

use pin_project_lite::pin_project;

use crate::context::{secrets::Secrets, stack::Mark};

/// What a step's body can reach: its secrets.
///
/// A context belongs to the poll of a step, not to the thread. It is current in the body and in everything
/// that the body calls or awaits, and nowhere else. To use it on another thread or in a spawned task, clone
/// it and enter the clone there. The clone keeps its values readable even after the step has ended.
///
/// ```
/// use secrets_runtime::{Error, current_context, secrets, testing};
///
/// #[secrets(sources = ["db"])]
/// fn step() -> Result<(), Error> {
///     let context = current_context();
///     std::thread::spawn(move || {
///         let _entered = context.enter();
///         current_context().secrets.get("db", "password").map(drop)
///     })
///     .join()
///     .expect("the thread does not panic")
/// }
///
/// testing::with_secrets([("db", "password", "x")], step)?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Context {
    /// The secrets that the step declared.
    pub secrets: Secrets,
}

/// Returns the context of the step that is running.
///
/// # Panics
/// Outside a step, with a message that says so. [`try_current_context`] returns `None` there instead.
#[must_use]
#[track_caller]
pub fn current_context() -> Context {
    match try_current_context() {
        Some(context) => context,
        None => panic!(
            "there is no current context here: `current_context()` is for the body of a function with \
             `#[secrets(..)]` or `#[task(..)]`. On another thread or in a spawned task, take the context \
             along: `let context = current_context();`, then `context.enter()` or `context.scope(future)` \
             there. Outside a step, use `get_secret(\"..\")`; in a test, `testing::with_secrets`."
        ),
    }
}

/// Returns the context of the step that is running, or `None` outside a step.
///
/// ```
/// assert!(secrets_runtime::try_current_context().is_none());
/// ```
#[must_use]
pub fn try_current_context() -> Option<Context> {
    stack::with_current(Secrets::clone).map(Context::new)
}

impl Context {
    pub(crate) fn new(secrets: Secrets) -> Self {
        Self { secrets }
    }

    /// Returns the name of the step, if the context belongs to a step.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        self.secrets.step()
    }

    /// Makes this the current context of the thread until the guard is dropped.
    ///
    /// Inside a step, a leaked guard ends with the step, or with the poll in which it was created. Outside a
    /// step, for example in a job of a thread pool, it lasts until it is dropped: keep it in a variable of
    /// the job. Outside a step do not keep it across an `.await`, since other tasks of the thread would see
    /// the context; use [`Context::scope`] instead.
    pub fn enter(&self) -> Entered {
        Entered { mark: stack::push_guard(self.secrets.clone()), _not_send: PhantomData }
    }

    /// Wraps a future so that this is the current context whenever the future is polled, and when it is
    /// dropped: for `tokio::spawn` and the like.
    ///
    /// ```
    /// # use secrets_runtime::{Error, current_context, secrets, testing};
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// #[secrets(sources = ["db"])]
    /// async fn step() -> Result<(), Error> {
    ///     let work = current_context().scope(async {
    ///         current_context().secrets.get("db", "password").map(drop)
    ///     });
    ///     tokio::spawn(work).await.expect("the task does not panic")
    /// }
    /// # runtime.block_on(testing::with_secrets_async([("db", "password", "x")], step()))?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn scope<F: Future>(&self, future: F) -> Scoped<F> {
        Scoped { context: self.clone(), future: Some(future) }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("secrets", &self.secrets).finish()
    }
}

/// Keeps a [`Context`] current on this thread. It cannot be sent to another thread.
#[derive(Debug)]
#[must_use = "the context is left when the guard is dropped"]
pub struct Entered {
    mark: Option<Mark>,
    _not_send: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(mark) = self.mark {
            stack::leave(mark);
        }
    }
}

/// A barrier on the stack, pushed by a step, a poll or a test scope.
pub(crate) struct Barrier {
    mark: Option<Mark>,
    _not_send: PhantomData<*const ()>,
}

impl Barrier {
    pub(crate) fn enter(context: &Context) -> Self {
        Self { mark: stack::push_barrier(context.secrets.clone()), _not_send: PhantomData }
    }
}

impl Barrier {
    /// Pushes a barrier in which there is no context.
    pub(crate) fn outside() -> Self {
        Self { mark: stack::push_outside(), _not_send: PhantomData }
    }
}

impl Drop for Barrier {
    fn drop(&mut self) {
        if let Some(mark) = self.mark {
            stack::reset(mark);
        }
    }
}

pin_project! {
    /// A future for which a [`Context`] is current whenever it is polled, and when it is dropped.
    #[must_use = "a future does nothing unless it is polled"]
    pub struct Scoped<F> {
        context: Context,
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for Scoped<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.is_some() {
                let _inside = Barrier::enter(this.context);
                this.future.set(None);
            }
        }
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let _inside = Barrier::enter(this.context);
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            panic!("a scoped future was polled after it had finished");
        };
        let poll = future.poll(task);
        if poll.is_ready() {
            this.future.set(None);
        }
        poll
    }
}

impl<F> fmt::Debug for Scoped<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scoped").field("context", &self.context).finish_non_exhaustive()
    }
}
