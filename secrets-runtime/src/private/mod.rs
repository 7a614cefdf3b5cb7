//! What the macros' expansions call. Not for anyone else: it changes without notice.
//!
//! An expansion is one `static` [`Step`] and one call; whatever need not be generic is behind that call.

mod checks;
mod fallible;
mod step;

pub use checks::{
    check_alias, check_distinct_request, check_distinct_source, check_env_var, check_group, check_id,
    check_key, check_key_of_group, check_parameter, check_region, check_request, check_role,
    check_selector, check_source, check_type, check_typed_id, check_variable_name, check_version,
};
pub use core::{cfg, option::Option, result::Result};
pub use fallible::{Fallible, Storable, assert_storable};
pub use step::{Parameter, Src, Step};
pub use secrets_spec::{MountType, Secret};

/// The type of a constant that stands for a text.
pub type Text = &'static str;

/// Gives the type of a block a name, in a `return` that is never reached.
pub fn never<R>() -> R {
    unreachable!("the macros write this call into `if false` only")
}

// TEMPORARY: the real ones follow.
use crate::Error;
use serde::de::DeserializeOwned;

/// A synchronous step's scope.
#[derive(Debug)]
pub struct StepGuard(());

/// Enters a synchronous step: resolves its secrets, and opens the scope in which they are readable.
pub fn enter(_step: &'static Step) -> Result<StepGuard, Error> {
    Ok(StepGuard(()))
}

impl StepGuard {
    /// Reads the typed parameters; `None` of the closure means that one misfits.
    pub fn fill<A>(&self, fill: impl FnOnce(&mut Filler<'_>) -> Option<A>) -> Result<A, Error> {
        let _ = fill;
        Err(Error::new(crate::ErrorKind::Other, "temporary"))
    }
}

/// Reads typed parameters, and keeps what is wrong with any of them.
#[derive(Debug)]
pub struct Filler<'a>(std::marker::PhantomData<&'a ()>);

impl Filler<'_> {
    /// Reads the parameter of this index.
    pub fn parameter<T: DeserializeOwned>(&mut self, _index: usize) -> Option<T> {
        None
    }
}

/// Runs an asynchronous step.
pub async fn run<R, F: Future<Output = R>>(_step: &'static Step, _from_error: fn(Error) -> R, body: F) -> R {
    body.await
}

/// Runs an asynchronous step with typed parameters.
pub async fn run_with<R, A, F: Future<Output = R>>(
    _step: &'static Step,
    from_error: fn(Error) -> R,
    _fill: impl FnOnce(&mut Filler<'_>) -> Option<A>,
    _body: impl FnOnce(A) -> F,
) -> R {
    from_error(Error::new(crate::ErrorKind::Other, "temporary"))
}
