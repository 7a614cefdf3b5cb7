//! One call of a backend. It ends with one answer for each request, also if the backend panics, hangs or mixes up its
//! answers.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use crate::{
    backend::{Backend, BoxFuture, Fetched, fetch_request::FetchRequest, identity::Identity},
    cache::{answer::IdentifiedRequest, forbid_backends::forbidden},
    context::Barrier,
    core::{
        error::{Error, ErrorKind},
        escape::escape_name,
    },
    rt::timer::Sleep,
};

/// How a backend is asked: one answer per request, in order.
pub(crate) type Ask<A> =
    for<'a> fn(&'a dyn Backend, &'a [FetchRequest<'a>]) -> BoxFuture<'a, Vec<Result<A, Error>>>;

/// When a backend must have answered, and how long it had until then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    pub at: Instant,
    pub timeout: Duration,
}

impl Deadline {
    /// Creates a deadline after this time. It is on the machine's clock, like the timer.
    pub(crate) fn after(timeout: Duration) -> Self {
        Self { at: Instant::now() + timeout, timeout }
    }

    /// Returns the error of a backend that has not answered in time.
    pub(crate) fn timeout_error(&self, backend: &dyn Backend) -> Error {
        let seconds = self.timeout.as_secs_f32();
        let message = format!("{backend} did not answer within {seconds} s");
        let more = "try again, or allow it more time with SECRETS_TIMEOUT (seconds)";
        let error = Error::new(ErrorKind::Timeout, message);
        match backend.capabilities().is_tokio_unspecified() {
            false => error.with_help(more),
            // A future that waits for a reactor which nobody drives waits for ever.
            true => error.with_help(format!("{more}; {TOKIO}")),
        }
    }
}

/// The help for a backend that does not say whether it needs tokio.
const TOKIO: &str =
    "a backend of your own that is built on tokio says so with `Capabilities::needs_tokio`";

/// The names of its secret that an answer contains.
pub(crate) trait NamedAnswer {
    /// Returns the names and ids of the secret in the answer, if any.
    fn names(&self) -> impl Iterator<Item = &str>;
}

impl NamedAnswer for Fetched {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.name.as_deref().into_iter().chain(self.identities.iter().map(Identity::id))
    }
}

/// An answer without a value does not say which secret it is about.
impl NamedAnswer for () {
    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }
}

/// The outcome of a call.
pub(crate) struct CallOutcome<T, A> {
    /// The tag of each request with its answer.
    pub answers: Vec<(T, Result<A, Error>)>,
    /// Whether each answer is known to belong to its request. If the backend left one out, answers that do not name
    /// their secrets may belong to other requests.
    pub is_order_trusted: bool,
}

/// Asks a backend. Returns the tag of each request with its answer, which is an error if the backend left it out or
/// did not answer in time. Only here do answers belong to requests by their order.
pub(crate) fn call<T, A>(
    backend: Arc<dyn Backend>,
    requests: Vec<(T, IdentifiedRequest)>,
    ask: Ask<A>,
    deadline: Deadline,
) -> BoxFuture<'static, CallOutcome<T, A>>
where
    T: Send + Unpin + 'static,
    A: NamedAnswer + Send + Unpin + 'static,
{
    let (tags, requests): (Vec<T>, Vec<IdentifiedRequest>) = requests.into_iter().unzip();
    let requests: Arc<[IdentifiedRequest]> = requests.into();
    let (asked, asked_for) = (backend.clone(), requests.clone());
    let answers = async move {
        if let Some(error) = forbidden(&*asked) {
            return asked_for.iter().map(|_| Err(error.clone())).collect();
        }
        let requests: Vec<_> = asked_for.iter().map(|it| it.request.as_request()).collect();
        ask(&*asked, &requests).await
    };
    let answers: BoxFuture<'static, _> = match backend.capabilities().is_tokio_needed() {
        true => with_tokio(&*backend, answers, tags.len()),
        false => Box::pin(answers),
    };
    let sleep = Sleep::until(deadline.at);
    Box::pin(BackendCall {
        backend,
        tags,
        requests,
        answers: Some(answers),
        is_order_trusted: true,
        sleep,
        deadline,
    })
}

/// Runs the call on the I/O thread: the steps that wait for it do not poll it.
fn with_tokio<A: Send + 'static>(
    backend: &dyn Backend,
    answers: impl Future<Output = Vec<Result<A, Error>>> + Send + 'static,
    wanted: usize,
) -> BoxFuture<'static, Vec<Result<A, Error>>> {
    let answers = on_its_thread(backend, async move { Ok(answers.await) });
    Box::pin(async move {
        let all = |error: Error| (0..wanted).map(|_| Err(error.clone())).collect();
        answers.await.unwrap_or_else(all)
    })
}

/// Runs the future of a backend that needs tokio on the I/O thread.
#[cfg(feature = "tokio")]
pub(super) fn on_its_thread<T: Send + 'static>(
    _backend: &dyn Backend,
    answer: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> BoxFuture<'static, Result<T, Error>> {
    Box::pin(async move { crate::rt::io_thread::on_io_thread(answer).await? })
}

#[cfg(not(feature = "tokio"))]
pub(super) fn on_its_thread<T: Send + 'static>(
    backend: &dyn Backend,
    _answer: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> BoxFuture<'static, Result<T, Error>> {
    let message = format!(
        "the backend `{}` needs the feature `tokio` of secrets-runtime, which this build lacks",
        backend.kind()
    );
    let error = Error::new(ErrorKind::NotSupported, message).with_help(
        "add it in Cargo.toml: secrets-runtime = { version = \"..\", features = [\"tokio\"] }",
    );
    Box::pin(std::future::ready(Err(error)))
}

struct BackendCall<T, A> {
    backend: Arc<dyn Backend>,
    tags: Vec<T>,
    requests: Arc<[IdentifiedRequest]>,
    /// `None` when the call is over.
    answers: Option<BoxFuture<'static, Vec<Result<A, Error>>>>,
    is_order_trusted: bool,
    sleep: Sleep,
    deadline: Deadline,
}

impl<T: Unpin, A: NamedAnswer + Unpin> Future for BackendCall<T, A> {
    type Output = CallOutcome<T, A>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        // A backend does not see the secrets of the step that calls it.
        let _outside = Barrier::outside();
        let Some(answers) = &mut this.answers else {
            panic!("a call was polled after it had finished");
        };
        let mut outcome = match catch_unwind(AssertUnwindSafe(|| answers.as_mut().poll(task))) {
            Ok(Poll::Ready(answers)) => {
                let sorted = catch_unwind(AssertUnwindSafe(|| this.pair_answers(answers)));
                sorted.unwrap_or_else(|_| this.panicked())
            }
            Err(_) => this.panicked(),
            // The timer is set only for calls that are not ready at once: files and variables never need it.
            Ok(Poll::Pending) if Pin::new(&mut this.sleep).poll(task).is_pending() => {
                return Poll::Pending;
            }
            Ok(Poll::Pending) => this.all(&this.deadline.timeout_error(&*this.backend)),
        };
        if this.end().is_err() {
            outcome = this.panicked();
        }
        let answers = std::mem::take(&mut this.tags).into_iter().zip(outcome).collect();
        Poll::Ready(CallOutcome { answers, is_order_trusted: this.is_order_trusted })
    }
}

impl<T, A> BackendCall<T, A> {
    /// Drops the future, which is code of the backend too and may panic.
    fn end(&mut self) -> std::thread::Result<()> {
        let answers = self.answers.take();
        catch_unwind(AssertUnwindSafe(|| drop(answers)))
    }

    fn panicked(&self) -> Vec<Result<A, Error>> {
        let mistake = "this is a bug in the backend: it should return an error instead";
        let help = match self.backend.capabilities().is_tokio_unspecified() {
            false => mistake.to_owned(),
            // tokio panics where there is no reactor.
            true => format!("{mistake}; {TOKIO}"),
        };
        self.all(&Error::new(ErrorKind::Unavailable, "the backend panicked").with_help(help))
    }

    fn all(&self, error: &Error) -> Vec<Result<A, Error>> {
        self.tags.iter().map(|_| Err(error.clone())).collect()
    }
}

impl<T, A: NamedAnswer> BackendCall<T, A> {
    /// Returns one answer for each request, with an error in place of those that belong to another request.
    fn pair_answers(&mut self, mut answers: Vec<Result<A, Error>>) -> Vec<Result<A, Error>> {
        let (given, wanted) = (answers.len(), self.tags.len());
        let miscounted =
            || mistake(format!("the backend returned {given} answers to {wanted} requests"));
        if given > wanted {
            return self.all(&miscounted());
        }
        // An error does not say whose it is.
        let has_error = answers.iter().any(Result::is_err);
        answers.resize_with(wanted, || Err(miscounted()));
        for (place, error) in self.misplaced_answers(&answers) {
            answers[place] = Err(error);
        }
        self.is_order_trusted = given == wanted || !has_error && self.is_each_named(&answers);
        answers
    }

    /// Whether each answer names the secret of its request, and of no other request of this call.
    fn is_each_named(&self, answers: &[Result<A, Error>]) -> bool {
        answers.iter().enumerate().all(|(place, answer)| {
            let Ok(answer) = answer else { return true };
            let is_named =
                |it: &IdentifiedRequest| answer.names().any(|name| name == it.identity.id());
            let mut named = self.requests.iter().enumerate().filter(|(_, it)| is_named(it));
            named.next().is_some_and(|(first, _)| first == place) && named.next().is_none()
        })
    }

    /// Returns the index and an error for each answer that may belong to another request.
    ///
    /// If an answer names the secret of another request, the order of all answers is uncertain: this is so if the
    /// answer to `a` names `b`, and the answer to `b` does not. A secret may have several names, so two answers may
    /// name one secret; this is not a mistake.
    fn misplaced_answers(&self, answers: &[Result<A, Error>]) -> Vec<(usize, Error)> {
        let says = |answer: &Result<A, Error>, wanted: &str| {
            answer.as_ref().is_ok_and(|answer| answer.names().any(|known| known == wanted))
        };
        // Almost always so, and the rest costs more.
        let is_named_as_asked = |(asked, answer): (&IdentifiedRequest, &Result<A, Error>)| {
            let says_nothing = answer.as_ref().map_or(true, |it| it.names().next().is_none());
            says_nothing || says(answer, asked.identity.id())
        };
        if self.requests.iter().zip(answers).all(is_named_as_asked) {
            return Vec::new();
        }
        let names = || self.requests.iter().map(|it| it.identity.id());
        let pairs = || names().zip(answers);
        let misplaced = |(own, answer): (&str, &Result<A, Error>)| {
            if says(answer, own) {
                return None;
            }
            let is_of_other = |(other, theirs): &(&str, &Result<A, Error>)| {
                says(answer, other) && !says(theirs, other)
            };
            let (other, _) = pairs().find(is_of_other)?;
            Some(format!(": it returned `{}` for `{}`", escape_name(other), escape_name(own)))
        };
        let misplaced: Vec<Option<String>> = pairs().map(misplaced).collect();
        if misplaced.iter().all(Option::is_none) {
            return Vec::new();
        }
        let unsure =
            pairs().zip(misplaced).enumerate().filter(|(_, ((own, it), _))| !says(it, own));
        let error = |what: Option<String>| {
            mistake(format!("the backend mixed up its answers{}", what.unwrap_or_default()))
        };
        unsure.map(|(place, (_, what))| (place, error(what))).collect()
    }
}

pub(super) fn mistake(message: String) -> Error {
    Error::new(ErrorKind::Unavailable, message).with_help(
        "this is a bug in the backend: it must return one answer for each request, in order",
    )
}

impl<T, A> Drop for BackendCall<T, A> {
    /// If a step is dropped while it waits, the futures of its backends are dropped too.
    fn drop(&mut self) {
        let _outside = Barrier::outside();
        let _ = self.end();
    }
}
