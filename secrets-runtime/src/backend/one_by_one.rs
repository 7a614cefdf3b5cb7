use crate::{
    backend::{BoxFuture, fetch_request::FetchRequest},
    core::error::Error,
};

/// Answers requests one after another, at once. For [`Backend::fetch`](crate::Backend::fetch) and
/// [`Backend::exists`](crate::Backend::exists) of a backend that never waits.
///
/// ```
/// use secrets_runtime::{BoxFuture, Error, FetchRequest, backend::one_by_one};
///
/// fn exists<'a>(requests: &'a [FetchRequest<'a>]) -> BoxFuture<'a, Vec<Result<bool, Error>>> {
///     one_by_one(requests, |request| Ok(request.id() == "db"))
/// }
/// # let requests = [FetchRequest::named("db"), FetchRequest::named("no")];
/// # let mut future = exists(&requests);
/// # let mut task = std::task::Context::from_waker(std::task::Waker::noop());
/// # let std::task::Poll::Ready(answers) = future.as_mut().poll(&mut task) else { panic!("it waits") };
/// # assert_eq!(answers.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [true, false]);
/// ```
pub fn one_by_one<'a, T: Send + 'a>(
    requests: &'a [FetchRequest<'a>],
    answer: impl FnMut(&'a FetchRequest<'a>) -> Result<T, Error>,
) -> BoxFuture<'a, Vec<Result<T, Error>>> {
    Box::pin(std::future::ready(requests.iter().map(answer).collect()))
}
