//! What the runtime has to know of the result type of a step.

use crate::core::error::Error;
#[cfg(feature = "guard")]
use crate::{
    context::Context,
    guard::{self, inspection::Inspection},
};

/// Makes a result from an error.
#[cfg(not(feature = "guard"))]
pub type ResultAdapter<R> = fn(Error) -> R;

/// Makes a result from an error, and looks through results.
#[cfg(feature = "guard")]
#[derive(Debug)]
pub struct ResultAdapter<R> {
    from_error: fn(Error) -> R,
    look: Option<LookThrough<R>>,
}

/// Looks through a result.
#[cfg(feature = "guard")]
pub type LookThrough<R> = fn(&R, &mut Inspection<'_>);

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
    let Some(look) = adapter.look else { return result };
    if !context.secrets.is_guarded() {
        return result;
    }
    match guard::inspect(&context.secrets, &mut |inspection| look(&result, inspection)) {
        Ok(()) => result,
        Err(error) => {
            drop(result);
            (adapter.from_error)(error)
        }
    }
}

#[cfg(feature = "guard")]
impl<R> ResultAdapter<R> {
    /// Creates the adapter of a step whose results are not looked through.
    pub const fn new(from_error: fn(Error) -> R) -> Self {
        Self { from_error, look: None }
    }

    /// Has results looked through.
    pub const fn guarded(self, look: LookThrough<R>) -> Self {
        Self { look: Some(look), ..self }
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
