use crate::{
    core::error::Error,
    private::{
        filler::Filler,
        refresh_on::{Judge, RefreshOn},
        run_async::{resolved, start},
        run_sync::{StepGuard, enter},
        step::Step,
    },
    rt::block_on::block_on,
};

/// Runs an asynchronous step, whose secrets are fetched anew once if it fails for a reason that `refresh_on`
/// names; if they have changed, the body runs again, with the new ones.
///
/// `body` makes the future of one run, of the typed parameters that `fill` reads and of clones of the step's
/// arguments.
pub async fn run_again<R, E, A, F: Future<Output = R>>(
    step: &'static Step,
    refresh_on: fn(Judge<E>) -> RefreshOn<R, E>,
    is_meant: Judge<E>,
    fill: impl Fn(&mut Filler<'_>) -> Option<A>,
    mut body: impl FnMut(A) -> F,
) -> R {
    let refresh_on = refresh_on(is_meant);
    let resolved = resolved(step).await;
    // What is kept while a run or a fetch is waited for is no reference: `body` may be no more than `Send`.
    let started =
        resolved.and_then(|(context, failed)| start(step, context, failed, &fill, &mut body));
    let (ending, running) = match started {
        Ok(started) => started,
        Err(error) => return (refresh_on.from_error)(error),
    };
    let result = running.await;
    let failure = match refresh_on.judge(result) {
        Ok(result) => return result,
        Err(failure) => failure,
    };
    let context = ending.context().clone();
    drop(ending);
    let Some(fresh) = step.refreshed(&context).await else {
        return (refresh_on.from_failure)(failure);
    };
    drop((failure, context));
    let (_ending, running) = match start(step, fresh, None, &fill, &mut body) {
        Ok(started) => started,
        Err(error) => return (refresh_on.from_error)(error),
    };
    running.await
}

/// The same for a synchronous step, on this thread.
pub fn call_again<R, E, A>(
    step: &'static Step,
    refresh_on: fn(Judge<E>) -> RefreshOn<R, E>,
    is_meant: Judge<E>,
    fill: impl Fn(&mut Filler<'_>) -> Option<A>,
    mut body: impl FnMut(A) -> R,
) -> R {
    let refresh_on = refresh_on(is_meant);
    let first = enter(step).and_then(|guard| {
        let context = guard.context().clone();
        Ok((context, call(guard, &fill, &mut body)?))
    });
    let (context, result) = match first {
        Ok(first) => first,
        Err(error) => return (refresh_on.from_error)(error),
    };
    let failure = match refresh_on.judge(result) {
        Ok(result) => return result,
        Err(failure) => failure,
    };
    let Some(fresh) = block_on(step.refreshed(&context)) else {
        return (refresh_on.from_failure)(failure);
    };
    drop((failure, context));
    let second = StepGuard::of(step, fresh, None).and_then(|guard| call(guard, &fill, &mut body));
    second.unwrap_or_else(refresh_on.from_error)
}

/// One run, in the scope of the guard.
fn call<R, A>(
    guard: StepGuard,
    fill: impl FnOnce(&mut Filler<'_>) -> Option<A>,
    body: impl FnOnce(A) -> R,
) -> Result<R, Error> {
    let arguments = guard.fill(fill)?;
    Ok(body(arguments))
}

/// Reads the parameters of a step that has none.
pub fn no_parameters(_: &mut Filler<'_>) -> Option<()> {
    Some(())
}
