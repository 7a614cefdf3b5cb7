//! What the runtime needs to know about the result type of a step.

use crate::core::error::Error;
#[cfg(feature = "guard")]
use crate::{
    context::Context,
    private::guard::{self, search::LeakSearch},
};

/// Makes a result from an error.
#[cfg(not(feature = "guard"))]
pub type ResultAdapter<R> = fn(Error) -> R;

/// Makes a result from an error, and searches results.
#[cfg(feature = "guard")]
#[derive(Debug)]
pub struct ResultAdapter<R> {
    from_error: fn(Error) -> R,
    search: Option<SearchFunction<R>>,
}

/// Searches a result.
#[cfg(feature = "guard")]
pub type SearchFunction<R> = fn(&R, &mut LeakSearch<'_>);

#[cfg(not(feature = "guard"))]
pub(super) fn adapter<R>(from_error: fn(Error) -> R) -> ResultAdapter<R> {
    from_error
}

#[cfg(feature = "guard")]
pub(super) fn adapter<R>(from_error: fn(Error) -> R) -> ResultAdapter<R> {
    ResultAdapter::new(from_error)
}

/// Returns a failed result with this error.
#[inline]
pub(super) fn failed<R>(adapter: ResultAdapter<R>, error: Error) -> R {
    #[cfg(feature = "guard")]
    let adapter = adapter.from_error;
    adapter(error)
}

/// Returns the result of a step's body, or, if it contains a secret of the step and must not, a failed one.
#[cfg(feature = "guard")]
#[inline]
pub(super) fn guarded<R>(adapter: ResultAdapter<R>, context: &Context, result: R) -> R {
    let Some(search) = adapter.search else { return result };
    if !context.secrets.is_guarded() {
        return result;
    }
    match guard::search_result(&context.secrets, &mut |leaks| search(&result, leaks)) {
        Ok(()) => result,
        Err(error) => {
            drop(result);
            (adapter.from_error)(error)
        }
    }
}

#[cfg(feature = "guard")]
impl<R> ResultAdapter<R> {
    /// Creates the adapter of a step whose results are not searched.
    pub const fn new(from_error: fn(Error) -> R) -> Self {
        Self { from_error, search: None }
    }

    /// Makes the guard search the results.
    pub const fn guarded(self, search: SearchFunction<R>) -> Self {
        Self { search: Some(search), ..self }
    }
}

#[cfg(feature = "guard")]
impl<R> Clone for ResultAdapter<R> {
    fn clone(&self) -> Self {
        *self
    }
}

#[cfg(feature = "guard")]
impl<R> Copy for ResultAdapter<R> {}
