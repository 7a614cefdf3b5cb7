use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::Poll,
};

use tokio::sync::watch;

use crate::{
    core::{
        error::{Error, ErrorKind},
        secret_value::SecretValue,
    },
    rt::process_local::ProcessLocal,
};

/// What a login returns: a token, or a token with what is known of it.
pub(in crate::backends) trait Session: Clone + Send + Sync + 'static {
    /// Whether the two are of one login.
    fn is(&self, other: &Self) -> bool;
}

impl Session for SecretValue {
    fn is(&self, other: &Self) -> bool {
        self.ct_eq(other)
    }
}

/// The login of a user at a server: one for all requests.
///
/// It is a task of its own: it goes on when the step that began it ends early, as long as another one waits, and each
/// step waits only as long as it has time. A failure is the answer to all who waited for it, and is not kept.
pub(in crate::backends) struct Login<S>(Arc<ProcessLocal<Mutex<State<S>>>>);

#[derive(Default)]
enum State<S> {
    #[default]
    None,
    /// The token of the last login.
    Done(S),
    /// The task that logs in holds the sender: if the task panics or is lost with its thread, those who wait learn it.
    Running(Weak<watch::Sender<Outcome<S>>>),
}

/// `None` until the login has ended.
type Outcome<S> = Option<Result<S, Error>>;

impl<S> Default for Login<S> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<S: Session> Login<S> {
    /// Returns the token, unless it is the one that has ended: then that of the login that is running, or of
    /// `log_in`. It runs on the I/O thread.
    pub(in crate::backends) async fn token(
        &self,
        ended: Option<&S>,
        log_in: impl Future<Output = Result<S, Error>> + Send + 'static,
    ) -> Result<S, Error> {
        let mut outcome = {
            let mut state = lock(&self.0);
            let running = match &*state {
                State::Done(token) if ended.is_none_or(|ended| !token.is(ended)) => {
                    return Ok(token.clone());
                }
                State::Running(sender) => sender.upgrade(),
                State::None | State::Done(_) => None,
            };
            match running {
                Some(sender) => sender.subscribe(),
                None => {
                    let (sender, receiver) = watch::channel(None);
                    let sender = Arc::new(sender);
                    *state = State::Running(Arc::downgrade(&sender));
                    tokio::spawn(run(self.0.clone(), sender, log_in));
                    receiver
                }
            }
        };
        match outcome.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(outcome)) => outcome.clone(),
            _ => Err(Error::new(ErrorKind::Unavailable, "the login was lost")
                .with_help("try again; if it happens again, please report it")),
        }
    }

    /// Forgets the last login, and returns what it returned.
    pub(in crate::backends) fn forget(&self) -> Option<S> {
        let mut state = lock(&self.0);
        match std::mem::take(&mut *state) {
            State::Done(session) => Some(session),
            other => {
                *state = other;
                None
            }
        }
    }
}

/// Runs a login until it has ended, or until nobody waits for it.
async fn run<S: Session>(
    state: Arc<ProcessLocal<Mutex<State<S>>>>,
    sender: Arc<watch::Sender<Outcome<S>>>,
    log_in: impl Future<Output = Result<S, Error>>,
) {
    let mut log_in = pin!(log_in);
    loop {
        let mut unwanted = pin!(sender.closed());
        let ended = poll_fn(|task| match log_in.as_mut().poll(task) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            Poll::Pending => unwanted.as_mut().poll(task).map(|()| None),
        });
        let ended = ended.await;
        let mut state = lock(&state);
        match ended {
            Some(outcome) => {
                *state = outcome.clone().map_or(State::None, State::Done);
                // Nobody may wait any more.
                let _ = sender.send(Some(outcome));
                return;
            }
            // Those who wait subscribe under the lock.
            None if sender.receiver_count() == 0 => {
                *state = State::None;
                return;
            }
            None => {}
        }
    }
}

fn lock<S>(state: &ProcessLocal<Mutex<State<S>>>) -> MutexGuard<'_, State<S>> {
    state.get().lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{
        pin::Pin,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use tokio::{sync::Notify, task::JoinSet};

    use super::*;

    fn run_alone(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(test);
    }

    #[test]
    fn one_login_is_shared_by_all_waiters_and_its_failure_is_not_cached() {
        run_alone(async {
            let (login, count) =
                (Arc::new(Login::<SecretValue>::default()), Arc::new(AtomicUsize::new(0)));
            let go = Arc::new(Notify::new());
            let mut waiting = JoinSet::new();
            for _ in 0..100 {
                let (login, count, go) = (login.clone(), count.clone(), go.clone());
                waiting.spawn(async move {
                    let log_in = async move {
                        count.fetch_add(1, Ordering::Relaxed);
                        go.notified().await;
                        Err(Error::new(ErrorKind::Timeout, "it is slow"))
                    };
                    login.token(None, log_in).await.unwrap_err().kind()
                });
            }
            tokio::task::yield_now().await;
            go.notify_one();
            for kind in waiting.join_all().await {
                assert_eq!(kind, ErrorKind::Timeout);
            }
            assert_eq!(count.load(Ordering::Relaxed), 1);
            let again = login.token(None, async { Ok("SeNtInEl".into()) }).await.unwrap();
            let never = async { Err(Error::new(ErrorKind::Other, "no second login")) };
            assert!(login.token(None, never).await.unwrap().ct_eq(&again));
            let other = login.token(Some(&again), async { Ok("SeNtInEl-2".into()) }).await;
            assert!(!other.unwrap().ct_eq(&again), "what has ended is replaced");
        });
    }

    /// A login that waits for this, and one that must not begin.
    fn waiting(go: &Arc<Notify>) -> impl Future<Output = Result<SecretValue, Error>> + use<> {
        let go = go.clone();
        async move {
            go.notified().await;
            Ok("SeNtInEl".into())
        }
    }

    async fn never() -> Result<SecretValue, Error> {
        Err(Error::new(ErrorKind::Other, "no second login"))
    }

    async fn poll_once(future: &mut (impl Future + Unpin)) {
        let pending = poll_fn(|task| Poll::Ready(Pin::new(&mut *future).poll(task).is_pending()));
        assert!(pending.await);
        tokio::task::yield_now().await;
    }

    #[test]
    fn a_login_goes_on_without_the_one_that_began_it() {
        run_alone(async {
            let (login, go) = (Login::<SecretValue>::default(), Arc::new(Notify::new()));
            let mut first = Box::pin(login.token(None, waiting(&go)));
            poll_once(&mut first).await;
            let mut second = Box::pin(login.token(None, never()));
            poll_once(&mut second).await;
            drop(first);
            tokio::task::yield_now().await;
            go.notify_one();
            assert!(second.await.is_ok());
            assert!(login.token(None, never()).await.is_ok());
        });
    }

    #[test]
    fn a_login_that_panics_fails_for_all_waiters_and_the_next_one_begins() {
        run_alone(async {
            let (login, go) = (Login::<SecretValue>::default(), Arc::new(Notify::new()));
            let broken = {
                let go = go.clone();
                async move {
                    go.notified().await;
                    panic!("a mistake in the login")
                }
            };
            let mut first = Box::pin(login.token(None, broken));
            poll_once(&mut first).await;
            let mut second = Box::pin(login.token(None, never()));
            poll_once(&mut second).await;
            go.notify_one();
            assert_eq!(first.await.unwrap_err().kind(), ErrorKind::Unavailable);
            assert_eq!(second.await.unwrap_err().kind(), ErrorKind::Unavailable);
            assert!(login.token(None, async { Ok("SeNtInEl".into()) }).await.is_ok());
        });
    }

    #[test]
    fn a_login_that_nobody_waits_for_ends() {
        run_alone(async {
            let (login, go) = (Login::<SecretValue>::default(), Arc::new(Notify::new()));
            let mut only = Box::pin(login.token(None, waiting(&go)));
            poll_once(&mut only).await;
            drop(only);
            tokio::task::yield_now().await;
            assert_eq!(login.token(None, never()).await.unwrap_err().kind(), ErrorKind::Other);
        });
    }
}
