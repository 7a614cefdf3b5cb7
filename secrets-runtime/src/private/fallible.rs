use crate::{
    core::error::Error,
    private::{
        refresh_on::{ErrorPredicate, RefreshOn},
        result_adapter::adapter,
        start_failure,
    },
};

/// The result type of a step: a `Result` whose error type can be made from [`Error`].
#[diagnostic::on_unimplemented(
    message = "a step returns `Result<T, E>` whose error can be made from `secrets_runtime::Error`, not `{Self}`",
    label = "this cannot hold the error of a secret that is missing",
    note = "write `-> Result<T, secrets_runtime::Error>`, `-> anyhow::Result<T>`, or an error of your own with `impl From<secrets_runtime::Error>`"
)]
pub trait Fallible: Sized {
    /// The type of the value.
    type Success;
    /// The error type of the result.
    type Failure;

    /// Returns a failed result with this error.
    fn from_error(error: Error) -> Self;

    /// Returns the functions that a second run of the body needs, with the function that `refresh_on` names.
    fn refresh_on(predicate: ErrorPredicate<Self::Failure>) -> RefreshOn<Self, Self::Failure>;
}

#[diagnostic::do_not_recommend]
impl<T, E: From<Error>> Fallible for Result<T, E> {
    type Success = T;
    type Failure = E;

    fn from_error(error: Error) -> Self {
        start_failure::note(&error);
        Err(E::from(error))
    }

    fn refresh_on(predicate: ErrorPredicate<E>) -> RefreshOn<Self, E> {
        RefreshOn {
            adapter: adapter(Self::from_error),
            error_of: |result| match result {
                Ok(value) => Ok(Ok(value)),
                Err(failure) => Err(failure),
            },
            result_of: Err,
            predicate,
        }
    }
}

/// Asserted by `output = "serialize"` for a step's `Ok` type: it can be stored, and so contains no secret.
#[diagnostic::on_unimplemented(
    message = "the result of a step with `output = \"serialize\"` must be serialisable, and `{Self}` is not",
    label = "this result cannot be stored",
    note = "a `SecretValue` is never serialisable, so that no secret can leave a step with its result: return what was done with the secret instead"
)]
pub trait Storable {}

#[diagnostic::do_not_recommend]
impl<T: serde::Serialize, E> Storable for Result<T, E> {}

/// Compiles only for a result type that can be stored.
pub const fn assert_storable<R: Storable>() {}
