//! `refresh_on`: runs the body a second time, with fresh secrets, after a failure that outdated secrets may
//! have caused.

use crate::{
    private::{
        parameters::Filler,
        result_adapter::{ResultAdapter, failed},
        run_async::{resolve, start},
        run_sync::{StepScope, enter},
        step::Step,
    },
    rt::block_on::block_on,
};

#[cfg(feature = "guard")]
use crate::private::result_adapter::SearchFunction;

/// Returns whether to fetch the secrets again after this failure: the function that `refresh_on` names.
pub type ErrorPredicate<E> = fn(&E) -> bool;

/// The functions with which the body of a result type `R` with the error `E` runs a second time.
///
/// It contains functions, since a bound on `R` would report a wrong result type a second time.
#[derive(Debug)]
pub struct RefreshOn<R, E> {
    pub(super) adapter: ResultAdapter<R>,
    /// Returns the error of a result, or the result itself if it is a success.
    pub(super) error_of: fn(R) -> Result<R, E>,
    pub(super) result_of: fn(E) -> R,
    pub(super) predicate: ErrorPredicate<E>,
}

impl<R, E> RefreshOn<R, E> {
    /// Makes the guard search the results.
    #[cfg(feature = "guard")]
    pub fn guarded(self, search: SearchFunction<R>) -> Self {
        Self { adapter: self.adapter.guarded(search), ..self }
    }

    /// Returns the error of a result if the secrets are to be fetched again after it, or else the unchanged
    /// result.
    ///
    /// It returns the error alone, so that the result type need not be `Send` while the secrets are fetched.
    fn should_refresh(&self, result: R) -> Result<R, E> {
        match (self.error_of)(result) {
            Err(failure) if !(self.predicate)(&failure) => Ok((self.result_of)(failure)),
            unchanged => unchanged,
        }
    }
}

/// Runs an asynchronous step. If it fails with an error that `predicate` accepts and its secrets have changed, the body
/// runs again with the new ones.
///
/// `body` creates the future of one run from the typed parameters that `fill` reads and from clones of the
/// step's arguments.
pub async fn run_with_retry<R, E, A, F: Future<Output = R>>(
    step: &'static Step,
    refresh_on: fn(ErrorPredicate<E>) -> RefreshOn<R, E>,
    predicate: ErrorPredicate<E>,
    fill: impl Fn(&mut Filler<'_>) -> Option<A>,
    mut body: impl FnMut(A) -> F,
) -> R {
    let refresh_on = refresh_on(predicate);
    let resolved = resolve(step).await;
    // References do not live across an await, since `body` may be `Send` but not `Sync`.
    let started = resolved.and_then(|(context, failed)| {
        let running = start(step, refresh_on.adapter, context.clone(), failed, &fill, &mut body)?;
        Ok((context, running))
    });
    let (context, running) = match started {
        Ok(started) => started,
        Err(error) => return failed(refresh_on.adapter, error),
    };
    let failure = match refresh_on.should_refresh(running.await) {
        Ok(result) => return result,
        Err(failure) => failure,
    };
    let Some(fresh) = step.refreshed(&context).await else {
        return (refresh_on.result_of)(failure);
    };
    drop((failure, context));
    let running = match start(step, refresh_on.adapter, fresh, None, &fill, &mut body) {
        Ok(running) => running,
        Err(error) => return failed(refresh_on.adapter, error),
    };
    running.await
}

/// Runs a synchronous step on this thread, like [`run_with_retry`].
pub fn call_with_retry<R, E, A>(
    step: &'static Step,
    refresh_on: fn(ErrorPredicate<E>) -> RefreshOn<R, E>,
    predicate: ErrorPredicate<E>,
    fill: impl Fn(&mut Filler<'_>) -> Option<A>,
    mut body: impl FnMut(A) -> R,
) -> R {
    let refresh_on = refresh_on(predicate);
    let first = enter(step).and_then(|scope| {
        let context = scope.context().clone();
        Ok((context, scope.call(refresh_on.adapter, &fill, &mut body)?))
    });
    let (context, result) = match first {
        Ok(first) => first,
        Err(error) => return failed(refresh_on.adapter, error),
    };
    let failure = match refresh_on.should_refresh(result) {
        Ok(result) => return result,
        Err(failure) => failure,
    };
    let Some(fresh) = block_on(step.refreshed(&context)) else {
        return (refresh_on.result_of)(failure);
    };
    drop((failure, context));
    let second = StepScope::new(step, fresh, None)
        .and_then(|scope| scope.call(refresh_on.adapter, &fill, &mut body));
    second.unwrap_or_else(|error| failed(refresh_on.adapter, error))
}

/// The type of an argument of a step with `refresh_on`. Each run of the body gets a clone.
#[diagnostic::on_unimplemented(
    message = "a step with `refresh_on` may run its body twice, so its arguments are `Clone`, and `{Self}` is not",
    label = "this cannot be given to the body twice",
    note = "write `#[derive(Clone)]` above your own type, `T: Clone` for a type parameter and `impl Trait + Clone` for an `impl Trait`; or take it by reference or in an `Arc`, whose clones are cheap"
)]
pub trait CloneArgument: Sized {
    /// Returns a clone of the argument for one run of the body.
    fn clone_argument(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Clone> CloneArgument for T {
    fn clone_argument(&self) -> Self {
        self.clone()
    }
}
