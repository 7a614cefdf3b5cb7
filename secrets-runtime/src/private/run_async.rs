//! Runs the body of an asynchronous step. Code that is compiled again for every step is kept as small as
//! possible: the body is polled as a `dyn Future`, so the rest is compiled once for each result type.

use std::{
    cell::RefCell,
    fmt, mem,
    pin::Pin,
    task::{Context as TaskContext, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    backend::BoxFuture,
    context::{Barrier, Context, process_env::refuse_async},
    core::error::Error,
    private::{
        parameters::Filler,
        result_adapter::{ResultAdapter, failed},
        running_step::RunningStep,
        step::Step,
    },
    resolver::resolution::partial::PartialResolution,
};

/// Runs an asynchronous step: resolves its secrets, then polls its body inside its context.
pub fn run<R, F: Future<Output = R>>(
    step: &'static Step,
    adapter: ResultAdapter<R>,
    body: F,
) -> StepFuture<R, F> {
    StepFuture { run: Run::new(step, adapter), body, after: AfterBody { is_running: false } }
}

/// Runs an asynchronous step with typed parameters, from which `body` creates the future.
pub async fn run_with<R, A, F: Future<Output = R>>(
    step: &'static Step,
    adapter: ResultAdapter<R>,
    fill: impl FnOnce(&mut Filler<'_>) -> Option<A>,
    body: impl FnOnce(A) -> F,
) -> R {
    let resolved = resolve(step).await;
    match resolved.and_then(|(context, failed)| start(step, adapter, context, failed, fill, body)) {
        Ok(running) => running.await,
        Err(error) => failed(adapter, error),
    }
}

/// Resolves the secrets of a step. Returns the context, and the reason why the body must not run, if there is one.
pub(super) async fn resolve(step: &'static Step) -> Result<(Context, Option<Error>), Error> {
    let resolved = match step.cached_context() {
        Some(context) => (context, None),
        None => step.context_or_partial(step.resolve().await)?,
    };
    refuse_export(step)?;
    Ok(resolved)
}

/// Reads the typed parameters and starts one run of the body with them.
pub(super) fn start<R, A, F: Future<Output = R>>(
    step: &'static Step,
    adapter: ResultAdapter<R>,
    context: Context,
    failed: Option<Error>,
    fill: impl FnOnce(&mut Filler<'_>) -> Option<A>,
    body: impl FnOnce(A) -> F,
) -> Result<StepFuture<R, F>, Error> {
    let arguments = {
        let _inside = Barrier::enter(&context);
        Filler::fill(step, &context, failed, fill)?
    };
    let running = RunningStep::new(context);
    let body = {
        let _inside = Barrier::enter(running.context());
        body(arguments)
    };
    let run = Run { stage: Stage::Running(running), adapter };
    Ok(StepFuture { run, body, after: AfterBody { is_running: true } })
}

fn refuse_export(step: &Step) -> Result<(), Error> {
    match step.is_exporting() {
        true => Err(refuse_async(step.name().unwrap_or_default())),
        false => Ok(()),
    }
}

pin_project! {
    /// An asynchronous step. Its body is in the step's context whenever it is polled, and when it is dropped.
    ///
    /// The order of the fields keeps the context during the drop of the body: `run` enters it, and `after`
    /// leaves it. A destructor of the whole type, as in [`Scoped`](crate::Scoped), would do the same, but
    /// would be compiled again for every step: with it, 500 steps take 35 % more time to compile.
    #[must_use = "a future does nothing unless it is polled"]
    pub struct StepFuture<R, F> {
        // The fields are dropped in this order.
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

/// A step that has not ended.
struct Run<R> {
    stage: Stage,
    adapter: ResultAdapter<R>,
}

enum Stage {
    Start(&'static Step),
    Resolving(&'static Step, BoxFuture<'static, Result<Context, PartialResolution>>),
    Running(RunningStep),
    Done,
}

impl<R> Run<R> {
    fn new(step: &'static Step, adapter: ResultAdapter<R>) -> Self {
        Self { stage: Stage::Start(step), adapter }
    }

    /// Resolves the secrets, then polls the body inside the context.
    fn poll(
        &mut self,
        body: Pin<&mut dyn Future<Output = R>>,
        after: &mut AfterBody,
        task: &mut TaskContext<'_>,
    ) -> Poll<R> {
        let inside = match self.stage.enter(task) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Err(error)) => return Poll::Ready(failed(self.adapter, error)),
            Poll::Ready(Ok(inside)) => inside,
        };
        after.is_running = true;
        let Poll::Ready(result) = body.poll(task) else { return Poll::Pending };
        drop(inside);
        after.is_running = false;
        match mem::replace(&mut self.stage, Stage::Done) {
            Stage::Running(running) => Poll::Ready(running.finish(result, self.adapter)),
            _ => Poll::Ready(result),
        }
    }
}

impl Stage {
    /// Resolves until the body can be polled, and then enters the context.
    fn enter(&mut self, task: &mut TaskContext<'_>) -> Poll<Result<Barrier, Error>> {
        loop {
            match self {
                Self::Start(step) => {
                    *self = match step.cached_context() {
                        Some(context) if !step.is_exporting() => {
                            Self::Running(RunningStep::new(context))
                        }
                        _ => Self::Resolving(step, step.resolve()),
                    };
                }
                Self::Resolving(step, resolving) => {
                    let resolved = match resolving.as_mut().poll(task) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(resolved) => resolved.map_err(PartialResolution::into_error),
                    };
                    match resolved.and_then(|context| refuse_export(step).map(|()| context)) {
                        Ok(context) => *self = Self::Running(RunningStep::new(context)),
                        Err(error) => {
                            *self = Self::Done;
                            return Poll::Ready(Err(error));
                        }
                    }
                }
                Self::Running(running) => {
                    return Poll::Ready(Ok(Barrier::enter(running.context())));
                }
                Self::Done => panic!("a step was polled after it had finished"),
            }
        }
    }

    fn enter_for_drop(&mut self) {
        if let Self::Running(running) = mem::replace(self, Self::Done) {
            let inside = (Barrier::enter(running.context()), running);
            // A thread that is ending has no contexts.
            let _ = DROPPED.try_with(|dropped| dropped.borrow_mut().push(inside));
        }
    }
}

impl<R> Drop for Run<R> {
    /// If the body is running, enters the context, since the body is dropped next.
    fn drop(&mut self) {
        self.stage.enter_for_drop();
    }
}

thread_local! {
    /// The steps whose body is being dropped, the innermost last. Each stays in its context until its body is
    /// dropped.
    static DROPPED: RefCell<Vec<(Barrier, RunningStep)>> = const { RefCell::new(Vec::new()) };
}

/// The part of a step that is dropped after its body. It leaves the context and ends the step.
struct AfterBody {
    /// Whether the body runs, copied from the stage of the step.
    is_running: bool,
}

impl Drop for AfterBody {
    fn drop(&mut self) {
        if !self.is_running {
            return;
        }
        let left = DROPPED.try_with(|dropped| dropped.borrow_mut().pop());
        // Dropped outside the borrow, since a destructor may read the context.
        drop(left);
    }
}

impl<R, F> fmt::Debug for StepFuture<R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = match &self.run.stage {
            Stage::Start(step) | Stage::Resolving(step, _) => step.name(),
            Stage::Running(running) => running.context().step(),
            Stage::Done => None,
        };
        f.debug_struct("StepFuture").field("step", &step).finish_non_exhaustive()
    }
}
