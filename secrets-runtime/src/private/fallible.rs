use crate::{
    core::error::Error,
    private::refresh_on::{Judge, RefreshOn},
};

/// What a step returns: something that can say that its secrets could not be had.
#[diagnostic::on_unimplemented(
    message = "a step returns `Result<T, E>` whose error can be made from `secrets_runtime::Error`, not `{Self}`",
    label = "this cannot hold the error of a secret that is missing",
    note = "write `-> Result<T, secrets_runtime::Error>`, `-> anyhow::Result<T>`, or an error of your own with `impl From<secrets_runtime::Error>`"
)]
pub trait Fallible: Sized {
    /// The error that it can hold.
    type Failure;

    /// The failure.
    fn from_error(error: Error) -> Self;

    /// With the function that `refresh_on` names.
    fn refresh_on(is_meant: Judge<Self::Failure>) -> RefreshOn<Self, Self::Failure>;
}

#[diagnostic::do_not_recommend]
impl<T, E: From<Error>> Fallible for Result<T, E> {
    type Failure = E;

    fn from_error(error: Error) -> Self {
        Err(E::from(error))
    }

    fn refresh_on(is_meant: Judge<E>) -> RefreshOn<Self, E> {
        RefreshOn {
            from_error: Self::from_error,
            into_failure: |result| match result {
                Ok(value) => Ok(Ok(value)),
                Err(failure) => Err(failure),
            },
            from_failure: Err,
            is_meant,
        }
    }
}

/// What `output = "serialize"` asserts of a step's `Ok` type: that it can be stored, hence holds no secret.
#[diagnostic::on_unimplemented(
    message = "the result of a step with `output = \"serialize\"` must be serialisable, and `{Self}` is not",
    label = "this result cannot be stored",
    note = "a `SecretValue` is never serialisable, so that no secret can leave a step with its result: return what was done with the secret instead"
)]
pub trait Storable {}

#[diagnostic::do_not_recommend]
impl<T: serde::Serialize, E> Storable for Result<T, E> {}

/// Compiles only for a result that can be stored.
pub const fn assert_storable<R: Storable>() {}
