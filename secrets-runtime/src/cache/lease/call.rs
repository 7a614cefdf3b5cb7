use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use crate::{
    backend::{Backend, BoxFuture},
    cache::{
        backend_call::{Deadline, on_its_thread},
        forbid_backends::forbidden,
    },
    context::Barrier,
    core::error::{Error, ErrorKind},
    rt::timer::Sleep,
};

/// Calls a backend about a lease, and returns an error if the backend panics or hangs.
pub(in crate::cache) async fn lease_call<T, F>(
    backend: &Arc<dyn Backend>,
    deadline: Deadline,
    ask: F,
) -> Result<T, Error>
where
    T: Send + 'static,
    F: FnOnce(Arc<dyn Backend>) -> BoxFuture<'static, Result<T, Error>> + Send + 'static,
{
    if let Some(error) = forbidden(&**backend) {
        return Err(error);
    }
    let asked = backend.clone();
    // The call itself is code of the backend too.
    let answer = async move { ask(asked).await };
    let answer = match backend.capabilities().is_tokio_needed() {
        true => on_its_thread(&**backend, answer),
        false => Box::pin(answer),
    };
    let sleep = Sleep::until(deadline.at);
    LeaseCall { backend: backend.clone(), answer: Some(answer), sleep, deadline }.await
}

struct LeaseCall<T> {
    backend: Arc<dyn Backend>,
    /// `None` when the call is over.
    answer: Option<BoxFuture<'static, Result<T, Error>>>,
    sleep: Sleep,
    deadline: Deadline,
}

impl<T> Future for LeaseCall<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let _outside = Barrier::outside();
        let panicked = || {
            Err(Error::new(ErrorKind::Unavailable, "the backend panicked")
                .with_help("this is a bug in the backend: it should return an error instead"))
        };
        let Some(answer) = &mut this.answer else {
            panic!("a call was polled after it had finished");
        };
        let answered = match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(task))) {
            Ok(Poll::Ready(answer)) => answer,
            Err(_) => panicked(),
            Ok(Poll::Pending) if Pin::new(&mut this.sleep).poll(task).is_pending() => {
                return Poll::Pending;
            }
            Ok(Poll::Pending) => Err(this.deadline.timeout_error(&*this.backend)),
        };
        let future = this.answer.take();
        match catch_unwind(AssertUnwindSafe(|| drop(future))) {
            Ok(()) => Poll::Ready(answered),
            Err(_) => Poll::Ready(panicked()),
        }
    }
}
