//! Functions that can be steps.

use std::{error::Error, ops::Deref, pin::Pin};

use crate::failure::StepFailure;

/// A function that can be a step: `fn() -> Result<(), E>`, synchronous or asynchronous.
///
/// `Kind` says which of the two it is, and is inferred. [`StepError`] lists what `E` may be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a step",
    label = "this is not a `fn() -> Result<(), E>`, synchronous or asynchronous",
    note = "a function with arguments is called in a closure: `.step(\"load\", || load(10)).declares(load)`",
    note = "`E` is an error, an `anyhow::Error`, a `Box<dyn Error>` or a text"
)]
pub trait StepFunction<Kind> {
    /// Returns the body of the step.
    #[doc(hidden)]
    fn into_body(self) -> StepBody;
}

/// The body of a step, which runs once for each attempt.
#[doc(hidden)]
pub enum StepBody {
    /// A function.
    Sync(Box<dyn Fn() -> Result<(), StepFailure>>),
    /// A function that returns a future.
    Async(Box<dyn Fn() -> BodyFuture>),
}

/// A future of a body.
#[doc(hidden)]
pub type BodyFuture = Pin<Box<dyn Future<Output = Result<(), StepFailure>>>>;

impl std::fmt::Debug for StepBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sync(_) => "Sync",
            Self::Async(_) => "Async",
        })
    }
}

impl StepBody {
    /// Runs the body to its end.
    pub(crate) fn run(&self) -> Result<(), StepFailure> {
        match self {
            Self::Sync(body) => body(),
            Self::Async(body) => block_on(body()),
        }
    }
}

#[cfg(feature = "tokio")]
fn block_on(future: BodyFuture) -> Result<(), StepFailure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| StepFailure::new(format!("tokio's runtime: {error}"), None))?;
    let result = runtime.block_on(future);
    // A task that the step has left is not waited for.
    runtime.shutdown_background();
    result
}

#[cfg(not(feature = "tokio"))]
fn block_on(future: BodyFuture) -> Result<(), StepFailure> {
    pollster::block_on(future)
}

/// Kinds of functions, in the type parameter of [`StepFunction`].
mod kind {
    #[derive(Debug)]
    pub struct Sync<R>(R);
    #[derive(Debug)]
    pub struct Async<R>(R);
}

/// Kinds of errors, in the type parameter of [`StepError`].
mod error_kind {
    #[derive(Debug)]
    pub struct OfStandard;
    #[derive(Debug)]
    pub struct OfSendSync;
    #[derive(Debug)]
    pub struct OfSend;
    #[derive(Debug)]
    pub struct OfBoxed;
    #[derive(Debug)]
    pub struct OfText;
}

impl<F, R, K> StepFunction<kind::Sync<(R, K)>> for F
where
    F: Fn() -> R + 'static,
    R: StepResult<K>,
{
    fn into_body(self) -> StepBody {
        StepBody::Sync(Box::new(move || self().into_result()))
    }
}

impl<F, T, R, K> StepFunction<kind::Async<(T, R, K)>> for F
where
    F: Fn() -> T + 'static,
    T: Future<Output = R> + 'static,
    R: StepResult<K>,
{
    fn into_body(self) -> StepBody {
        StepBody::Async(Box::new(move || {
            let future = self();
            Box::pin(async move { future.await.into_result() })
        }))
    }
}

/// What a step returns: a `Result<(), E>`.
pub trait StepResult<Kind> {
    /// Returns the result, with the error as this crate reports it.
    #[doc(hidden)]
    fn into_result(self) -> Result<(), StepFailure>;
}

impl<E: StepError<K>, K> StepResult<K> for Result<(), E> {
    fn into_result(self) -> Result<(), StepFailure> {
        self.map_err(StepError::into_failure)
    }
}

/// The error of a step: anything that implements [`std::error::Error`], an `anyhow::Error` or a similar type, a
/// `Box<dyn Error>` with or without `Send` and `Sync`, or a text.
///
/// If an error of `secrets_runtime` is in its chain, that decides the exit code. `Kind` is inferred.
pub trait StepError<Kind> {
    /// Returns what is reported.
    #[doc(hidden)]
    fn into_failure(self) -> StepFailure;
}

impl<E: Error + 'static> StepError<error_kind::OfStandard> for E {
    fn into_failure(self) -> StepFailure {
        StepFailure::of(&self)
    }
}

// `anyhow::Error` dereferences to the error in it, as a box does.
impl<E: Deref<Target = dyn Error + Send + Sync>> StepError<error_kind::OfSendSync> for E {
    fn into_failure(self) -> StepFailure {
        StepFailure::of(&*self)
    }
}

impl<E: Deref<Target = dyn Error + Send>> StepError<error_kind::OfSend> for E {
    fn into_failure(self) -> StepFailure {
        StepFailure::of(&*self)
    }
}

impl<E: Deref<Target = dyn Error>> StepError<error_kind::OfBoxed> for E {
    fn into_failure(self) -> StepFailure {
        StepFailure::of(&*self)
    }
}

impl<E: Deref<Target = str>> StepError<error_kind::OfText> for E {
    fn into_failure(self) -> StepFailure {
        StepFailure::new(self.to_string(), None)
    }
}

#[cfg(test)]
mod tests {
    use std::{fmt, io};

    use secrets_runtime::{Error as SecretsError, ErrorKind};

    use super::*;

    fn run<K>(function: impl StepFunction<K>) -> (String, u8) {
        let failure = function.into_body().run().expect_err("it fails");
        (failure.to_string(), failure.exit_code())
    }

    fn missing() -> SecretsError {
        SecretsError::new(ErrorKind::NotFound, "there is none")
    }

    #[derive(Debug)]
    struct Own(SecretsError);

    impl fmt::Display for Own {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("own")
        }
    }

    impl Error for Own {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    fn standard() -> Result<(), io::Error> {
        Err(io::Error::other("broken"))
    }

    fn ours() -> Result<(), SecretsError> {
        Err(missing())
    }

    fn own() -> Result<(), Own> {
        Err(Own(missing()))
    }

    fn anyhow() -> anyhow::Result<()> {
        Err(anyhow::Error::new(missing()).context("while loading"))
    }

    fn plain_anyhow() -> anyhow::Result<()> {
        Err(missing())?
    }

    fn boxed() -> Result<(), Box<dyn Error>> {
        Err(missing())?
    }

    fn boxed_send() -> Result<(), Box<dyn Error + Send>> {
        Err(Box::new(missing()))
    }

    fn boxed_send_sync() -> Result<(), Box<dyn Error + Send + Sync>> {
        Err(missing())?
    }

    fn text() -> Result<(), String> {
        Err("no rows".to_owned())
    }

    fn static_text() -> Result<(), &'static str> {
        Err("no rows")
    }

    async fn later() -> anyhow::Result<()> {
        Err(missing().into())
    }

    #[test]
    fn every_kind_of_error_is_reported_and_ours_decides_the_exit_code() {
        assert_eq!(run(standard), ("broken".to_owned(), 1));
        assert_eq!(run(own).1, 3);
        assert!(run(own).0.starts_with("own\n  caused by: "), "{:?}", run(own));
        assert_eq!(run(anyhow).1, 3);
        assert!(run(anyhow).0.starts_with("while loading\n  caused by: "));
        let ours = [
            run(ours),
            run(plain_anyhow),
            run(boxed),
            run(boxed_send),
            run(boxed_send_sync),
            run(later),
            run(|| Err::<(), _>(missing())),
            run(|| async { later().await }),
        ];
        assert_eq!(ours, [(); 8].map(|()| (missing().to_string(), 3)));
        assert_eq!(run(text), ("no rows".to_owned(), 1));
        assert_eq!(run(static_text), ("no rows".to_owned(), 1));
    }

    #[test]
    fn an_asynchronous_step_has_a_reactor() {
        #[cfg(feature = "tokio")]
        async fn sleeps() -> Result<(), String> {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            Ok(())
        }
        #[cfg(feature = "tokio")]
        assert!(StepFunction::into_body(sleeps).run().is_ok());
    }
}
