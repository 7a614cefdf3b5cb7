use crate::{
    backend::{BoxFuture, fetch_request::FetchRequest},
    core::error::{Error, ErrorKind},
    rt::io_thread::on_io_thread,
};

/// What errors call the services.
pub(super) const SECRETS_MANAGER: &str = "AWS Secrets Manager";
pub(super) const PARAMETER_STORE: &str = "AWS Parameter Store";

/// Parses the requests, and does the work for those that are right on the I/O thread. Returns one answer for each request.
pub(super) fn on_io_thread_for<'a, P, T, F>(
    service: &'static str,
    requests: &'a [FetchRequest<'a>],
    parse: impl Fn(&FetchRequest<'_>) -> Result<P, Error> + Send + 'a,
    work: impl FnOnce(Vec<P>) -> F + Send + 'a,
) -> BoxFuture<'a, Vec<Result<T, Error>>>
where
    P: Send,
    T: Send + 'static,
    F: Future<Output = Vec<Result<T, Error>>> + Send + 'static,
{
    Box::pin(async move {
        // The mistakes, and `None` in the place of what is asked for.
        let mut mistakes = Vec::with_capacity(requests.len());
        let mut wanted = Vec::with_capacity(requests.len());
        for request in requests {
            match parse(request) {
                Ok(parsed) => {
                    wanted.push(parsed);
                    mistakes.push(None);
                }
                Err(error) => mistakes.push(Some(error)),
            }
        }
        let count = wanted.len();
        let answers = match on_io_thread(work(wanted)).await {
            Ok(answers) => answers,
            Err(error) => (0..count).map(|_| Err(error.clone())).collect(),
        };
        let mut answers = answers.into_iter();
        let answer = |mistake: Option<Error>| match mistake {
            Some(error) => Err(error),
            None => answers.next().unwrap_or_else(|| Err(lost(service))),
        };
        mistakes.into_iter().map(answer).collect()
    })
}

/// Returns the error of a request that has no answer.
pub(super) fn lost(service: &str) -> Error {
    Error::new(ErrorKind::Unavailable, format!("the request to {service} was lost"))
        .with_help("this is a bug in the backend: please report it")
}
