//! Asynchronous steps. What is made anew for every step is as little as can be: it is compiled as often as there
//! are steps.

use std::{
    cell::RefCell,
    fmt, mem,
    pin::Pin,
    task::{Context as TaskContext, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    backend::BoxFuture,
    context::{Barrier, Context, Scoped, process_env::refuse_async},
    core::error::Error,
    private::{ending::Ending, filler::Filler, step::Step},
    resolver::partial::PartialResolution,
};

/// A step that has not ended. Where it is dropped before its end, it enters its context for the drop of the body,
/// which comes next; what comes after the body leaves it and ends the files.
struct Run<R> {
    step: &'static Step,
    from_error: fn(Error) -> R,
    stage: Stage,
}

enum Stage {
    Start,
    Resolving(BoxFuture<'static, Result<Context, PartialResolution>>),
    Running(Ending),
    Done,
}

/// Runs an asynchronous step: resolves its secrets, then polls its body inside its context.
pub fn run<R, F: Future<Output = R>>(
    step: &'static Step,
    from_error: fn(Error) -> R,
    body: F,
) -> StepFuture<R, F> {
    StepFuture {
        run: Run { step, from_error, stage: Stage::Start },
        body,
        after: AfterBody { is_running: false },
    }
}

pin_project! {
    /// An asynchronous step that is running.
    #[must_use = "a future does nothing unless it is polled"]
    pub struct StepFuture<R, F> {
        // Dropped in this order.
        run: Run<R>,
        #[pin]
        body: F,
        after: AfterBody,
    }
}

impl<R, F: Future<Output = R>> Future for StepFuture<R, F> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<R> {
        let this = self.project();
        this.run.poll(this.body, this.after, task)
    }
}

impl<R> Run<R> {
    /// Polls the body inside its context. It is made once for each type of result.
    fn poll(
        &mut self,
        body: Pin<&mut dyn Future<Output = R>>,
        after: &mut AfterBody,
        task: &mut TaskContext<'_>,
    ) -> Poll<R> {
        let inside = match self.stage.enter(self.step, task) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Err(error)) => return Poll::Ready((self.from_error)(error)),
            Poll::Ready(Ok(inside)) => inside,
        };
        after.is_running = true;
        let poll = body.poll(task);
        drop(inside);
        if poll.is_ready() {
            self.stage = Stage::Done;
            after.is_running = false;
        }
        poll
    }
}

impl Stage {
    /// Goes on until the body can be polled, and enters its context for that.
    fn enter(
        &mut self,
        step: &'static Step,
        task: &mut TaskContext<'_>,
    ) -> Poll<Result<Barrier, Error>> {
        loop {
            match self {
                Self::Start if step.export_process => {
                    *self = Self::Done;
                    return Poll::Ready(Err(refuse_async(step.name)));
                }
                Self::Start => {
                    *self = match step.ready() {
                        Some(context) => Self::Running(Ending::of(context)),
                        None => Self::Resolving(step.resolve()),
                    }
                }
                Self::Resolving(resolving) => match resolving.as_mut().poll(task) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(context)) => *self = Self::Running(Ending::of(context)),
                    Poll::Ready(Err(unresolved)) => {
                        *self = Self::Done;
                        return Poll::Ready(Err(unresolved.error));
                    }
                },
                Self::Running(ending) => return Poll::Ready(Ok(Barrier::enter(ending.context()))),
                Self::Done => panic!("a step was polled after it had finished"),
            }
        }
    }

    /// Enters its context, if its body is running, until what comes after the body is dropped.
    fn enter_for_drop(&mut self) {
        if let Self::Running(ending) = mem::replace(self, Self::Done) {
            let inside = (Barrier::enter(ending.context()), ending);
            // A thread that is ending has no contexts.
            let _ = DROPPED.try_with(|dropped| dropped.borrow_mut().push(inside));
        }
    }
}

impl<R> Drop for Run<R> {
    fn drop(&mut self) {
        self.stage.enter_for_drop();
    }
}

thread_local! {
    /// The running steps that are being dropped, the innermost last: each is in its context until its body is gone.
    static DROPPED: RefCell<Vec<(Barrier, Ending)>> = const { RefCell::new(Vec::new()) };
}

/// What is dropped after the body.
struct AfterBody {
    /// As the step's stage is.
    is_running: bool,
}

impl Drop for AfterBody {
    fn drop(&mut self) {
        if !self.is_running {
            return;
        }
        let left = DROPPED.try_with(|dropped| dropped.borrow_mut().pop());
        // Dropped outside the borrow.
        drop(left);
    }
}

/// The same with typed parameters, which the body is made of.
pub async fn run_with<R, A, F: Future<Output = R>>(
    step: &'static Step,
    from_error: fn(Error) -> R,
    fill: impl FnOnce(&mut Filler<'_>) -> Option<A>,
    body: impl FnOnce(A) -> F,
) -> R {
    let resolved = resolved(step).await;
    match resolved.and_then(|(context, failed)| start(step, context, failed, fill, body)) {
        Ok((_ending, running)) => running.await,
        Err(error) => from_error(error),
    }
}

/// What was found for an asynchronous step with typed parameters, and why its body does not run.
pub(super) async fn resolved(step: &'static Step) -> Result<(Context, Option<Error>), Error> {
    match step.ready() {
        _ if step.export_process => Err(refuse_async(step.name)),
        Some(context) => Ok((context, None)),
        None => step.partly(step.resolve().await),
    }
}

/// One run, which is to be dropped before its ending.
pub(super) fn start<A, F: Future>(
    step: &'static Step,
    context: Context,
    failed: Option<Error>,
    fill: impl FnOnce(&mut Filler<'_>) -> Option<A>,
    body: impl FnOnce(A) -> F,
) -> Result<(Ending, Scoped<F>), Error> {
    let arguments = {
        let _inside = Barrier::enter(&context);
        Filler::fill(step, &context, failed, fill)?
    };
    let ending = Ending::of(context);
    let body = {
        let _inside = Barrier::enter(ending.context());
        body(arguments)
    };
    let running = ending.context().scope(body);
    Ok((ending, running))
}

impl<R, F> fmt::Debug for StepFuture<R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepFuture").field("step", &self.run.step.name).finish_non_exhaustive()
    }
}
