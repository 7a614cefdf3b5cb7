//! One call of a backend, whatever it does: it may panic, hang, or return too few answers.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use crate::{
    backend::{Backend, BoxFuture, fetch_request::FetchRequest, owned_request::OwnedRequest},
    cache::prohibition::forbidden,
    context::Barrier,
    core::error::{Error, ErrorKind},
    rt::timer::Sleep,
};

/// The method of a backend that is called: one answer for each request, in order.
pub(crate) type Ask<A> =
    for<'a> fn(&'a dyn Backend, &'a [FetchRequest<'a>]) -> BoxFuture<'a, Vec<Result<A, Error>>>;

/// How long a call may take: its deadline, and the time that it had when it began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub deadline: Instant,
    pub timeout: Duration,
}

impl Limit {
    /// Starts now.
    pub(crate) fn of(timeout: Duration) -> Self {
        Self { deadline: Instant::now() + timeout, timeout }
    }

    /// The error when the time is over.
    pub(crate) fn late(&self, backend: &dyn Backend) -> Error {
        let seconds = self.timeout.as_secs_f32();
        let message = format!("{backend} did not answer within {seconds} s");
        let more = "try again, or allow it more time with SECRETS_TIMEOUT (seconds)";
        let error = Error::new(ErrorKind::Timeout, message);
        match backend.capabilities().is_tokio_unsaid() {
            false => error.with_help(more),
            // A future that waits for a reactor which nobody drives waits for ever.
            true => error.with_help(format!("{more}; {TOKIO}")),
        }
    }
}

/// What a backend that says nothing about tokio may have to say.
const TOKIO: &str =
    "a backend of your own that is built on tokio says so with `Capabilities::needs_tokio`";

/// Calls a backend. There is one answer for each request: one that it left out, or did not return in time, is an
/// error.
pub(crate) fn call<A: Send + Unpin + 'static>(
    backend: Arc<dyn Backend>,
    requests: Vec<OwnedRequest>,
    ask: Ask<A>,
    limit: Limit,
) -> BoxFuture<'static, Vec<Result<A, Error>>> {
    let (asked, wanted) = (backend.clone(), requests.len());
    let answers = async move {
        if let Some(error) = forbidden(&*asked) {
            return requests.iter().map(|_| Err(error.clone())).collect();
        }
        let requests: Vec<_> = requests.iter().map(OwnedRequest::as_request).collect();
        ask(&*asked, &requests).await
    };
    let answers: BoxFuture<'static, _> = match backend.capabilities().is_tokio_needed() {
        true => with_tokio(&*backend, answers, wanted),
        false => Box::pin(answers),
    };
    let sleep = Sleep::until(limit.deadline);
    Box::pin(Call { backend, wanted, answers: Some(answers), sleep, limit })
}

/// Moves the call to the I/O thread: the steps that wait for it do not poll it.
#[cfg(feature = "tokio")]
fn with_tokio<A: Send + 'static>(
    _backend: &dyn Backend,
    answers: impl Future<Output = Vec<Result<A, Error>>> + Send + 'static,
    wanted: usize,
) -> BoxFuture<'static, Vec<Result<A, Error>>> {
    Box::pin(async move {
        match crate::rt::io_thread::on_io_thread(answers).await {
            Ok(answers) => answers,
            Err(error) => (0..wanted).map(|_| Err(error.clone())).collect(),
        }
    })
}

#[cfg(not(feature = "tokio"))]
fn with_tokio<A: Send + 'static>(
    backend: &dyn Backend,
    _answers: impl Future<Output = Vec<Result<A, Error>>> + Send + 'static,
    wanted: usize,
) -> BoxFuture<'static, Vec<Result<A, Error>>> {
    let message = format!(
        "the backend `{}` needs the feature `tokio` of secrets-runtime, which this build lacks",
        backend.kind()
    );
    let error = Error::new(ErrorKind::NotSupported, message).with_help(
        "add it in Cargo.toml: secrets-runtime = { version = \"..\", features = [\"tokio\"] }",
    );
    Box::pin(std::future::ready((0..wanted).map(|_| Err(error.clone())).collect()))
}

struct Call<A> {
    backend: Arc<dyn Backend>,
    wanted: usize,
    /// `None` when it is over.
    answers: Option<BoxFuture<'static, Vec<Result<A, Error>>>>,
    sleep: Sleep,
    limit: Limit,
}

impl<A: Unpin> Future for Call<A> {
    type Output = Vec<Result<A, Error>>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        // A backend does not see the secrets of the step that calls the step.
        let _outside = Barrier::outside();
        let Some(answers) = &mut this.answers else {
            panic!("a call was polled after it had finished");
        };
        let mut outcome = match catch_unwind(AssertUnwindSafe(|| answers.as_mut().poll(task))) {
            Ok(Poll::Ready(answers)) => this.complete(answers),
            Err(_) => this.panicked(),
            // The timer is set only by what is not ready at once: files and variables never need it.
            Ok(Poll::Pending) if Pin::new(&mut this.sleep).poll(task).is_pending() => {
                return Poll::Pending;
            }
            Ok(Poll::Pending) => this.all(&this.limit.late(&*this.backend)),
        };
        if this.end().is_err() {
            outcome = this.panicked();
        }
        Poll::Ready(outcome)
    }
}

impl<A> Call<A> {
    /// Drops the future, which is the backend's code too, and may panic.
    fn end(&mut self) -> std::thread::Result<()> {
        let answers = self.answers.take();
        catch_unwind(AssertUnwindSafe(|| drop(answers)))
    }

    fn complete(&self, mut answers: Vec<Result<A, Error>>) -> Vec<Result<A, Error>> {
        let given = answers.len();
        let miscounted = || {
            let wanted = self.wanted;
            let message = format!("the backend gave {given} answers to {wanted} requests");
            Error::new(ErrorKind::Unavailable, message).with_help(
                "this is a mistake in the backend: it gives one answer per request, in order",
            )
        };
        if given > self.wanted {
            return self.all(&miscounted());
        }
        answers.resize_with(self.wanted, || Err(miscounted()));
        answers
    }

    fn panicked(&self) -> Vec<Result<A, Error>> {
        let mistake = "this is a mistake in the backend: it should return an error instead";
        let help = match self.backend.capabilities().is_tokio_unsaid() {
            false => mistake.to_owned(),
            // tokio panics where there is no reactor.
            true => format!("{mistake}; {TOKIO}"),
        };
        self.all(&Error::new(ErrorKind::Unavailable, "the backend panicked").with_help(help))
    }

    fn all(&self, error: &Error) -> Vec<Result<A, Error>> {
        (0..self.wanted).map(|_| Err(error.clone())).collect()
    }
}

impl<A> Drop for Call<A> {
    /// A step that is dropped while it waits drops its backends' futures too.
    fn drop(&mut self) {
        let _outside = Barrier::outside();
        let _ = self.end();
    }
}

#[cfg(all(test, not(feature = "tokio")))]
mod tests {
    use super::*;
    use crate::{
        backend::{Fetched, capabilities::Capabilities, from_fn},
        rt::block_on::block_on,
    };

    #[test]
    fn without_the_feature_one_that_needs_tokio_is_not_supported() {
        let needs = from_fn("vault", |_| std::future::ready(Ok(Fetched::text("SeNtInEl"))))
            .with_capabilities(Capabilities::new().needs_tokio(true));
        let requests = vec![OwnedRequest::from(&FetchRequest::named("db"))];
        let limit = Limit::of(Duration::from_secs(60));
        let answers = block_on(call(
            Arc::new(needs),
            requests,
            |backend, requests| backend.fetch(requests),
            limit,
        ));
        let [Err(error)] = &answers[..] else { panic!("one error") };
        assert_eq!(error.kind(), ErrorKind::NotSupported);
        let help = error.problems()[0].help().unwrap_or_default();
        assert!(help.contains("features = [\"tokio\"]"), "{help}");
    }
}
