use std::{
    fmt,
    pin::Pin,
    task::{Context as TaskContext, Poll},
};

use pin_project_lite::pin_project;

use super::{Ending, Filler, Step};
use crate::{
    BoxFuture, Context, Error, context::Barrier, environment::refuse_async, resolver::Unresolved,
};

/// Runs an asynchronous step: resolves its secrets, then polls its body inside its context.
pub fn run<R, F: Future<Output = R>>(
    step: &'static Step,
    from_error: fn(Error) -> R,
    body: F,
) -> StepFuture<R, F> {
    StepFuture { step, from_error, stage: Stage::Start, body: Some(body) }
}

/// The same with typed parameters, which the body is made of.
pub async fn run_with<R, A, F: Future<Output = R>>(
    step: &'static Step,
    from_error: fn(Error) -> R,
    fill: impl FnOnce(&mut Filler<'_>) -> Option<A>,
    body: impl FnOnce(A) -> F,
) -> R {
    let resolved = match step.ready() {
        _ if step.export_process => Err(refuse_async(step.name)),
        Some(context) => Ok((context, None)),
        None => step.partly(step.resolve().await),
    };
    let filled = match resolved {
        Ok((context, failed)) => {
            let filled = {
                let _inside = Barrier::enter(&context);
                Filler::fill(step, &context, failed, fill)
            };
            filled.map(|arguments| (context, arguments))
        }
        Err(error) => Err(error),
    };
    match filled {
        Ok((context, arguments)) => {
            let ending = Ending::of(context);
            let body = {
                let _inside = Barrier::enter(ending.context());
                body(arguments)
            };
            ending.context().scope(body).await
        }
        Err(error) => from_error(error),
    }
}

pin_project! {
    /// An asynchronous step that is running.
    #[must_use = "a future does nothing unless it is polled"]
    pub struct StepFuture<R, F> {
        step: &'static Step,
        from_error: fn(Error) -> R,
        stage: Stage,
        #[pin]
        body: Option<F>,
    }

    impl<R, F> PinnedDrop for StepFuture<R, F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // The files end after the body, with the stage.
            if let Stage::Running(ending) = this.stage {
                let _inside = Barrier::enter(ending.context());
                this.body.set(None);
            }
        }
    }
}

enum Stage {
    Start,
    Resolving(BoxFuture<'static, Result<Context, Unresolved>>),
    Running(Ending),
    Done,
}

impl<R, F: Future<Output = R>> Future for StepFuture<R, F> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<R> {
        let mut this = self.project();
        match this.stage.advance(this.step, task) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => {
                this.body.set(None);
                return Poll::Ready((this.from_error)(error));
            }
        }
        let (Stage::Running(ending), Some(body)) = (&*this.stage, this.body.as_mut().as_pin_mut())
        else {
            panic!("a step was polled after it had finished");
        };
        let inside = Barrier::enter(ending.context());
        let poll = body.poll(task);
        if poll.is_ready() {
            this.body.set(None);
            drop(inside);
            *this.stage = Stage::Done;
        }
        poll
    }
}

impl Stage {
    /// Goes on until the body can be polled. It is the same code for every step.
    fn advance(
        &mut self,
        step: &'static Step,
        task: &mut TaskContext<'_>,
    ) -> Poll<Result<(), Error>> {
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
                Self::Running(_) | Self::Done => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl<R, F> fmt::Debug for StepFuture<R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepFuture").field("step", &self.step.name).finish_non_exhaustive()
    }
}
