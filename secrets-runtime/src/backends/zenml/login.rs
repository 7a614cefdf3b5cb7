use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use crate::{
    core::{
        error::{Error, ErrorKind},
        secret_value::SecretValue,
    },
    rt::process_local::ProcessLocal,
};

/// The login of a user at a server: one for all requests.
///
/// It is a task of its own: it goes on when the step that began it ends early, and each step waits only as long as it
/// has time. A failure is the answer to all who waited for it, and is not kept.
#[derive(Default)]
pub(super) struct Login(Arc<ProcessLocal<Mutex<State>>>);

#[derive(Default)]
enum State {
    #[default]
    None,
    /// The token of the last login.
    Done(SecretValue),
    Running(watch::Receiver<Outcome>),
}

/// `None` until the login has ended.
type Outcome = Option<Result<SecretValue, Error>>;

impl Login {
    /// Returns the token, unless it is the one that has ended: then that of the login that is running, or of
    /// `log_in`. It runs on the I/O thread.
    pub(super) async fn token(
        &self,
        ended: Option<&SecretValue>,
        log_in: impl Future<Output = Result<SecretValue, Error>> + Send + 'static,
    ) -> Result<SecretValue, Error> {
        let mut running = match &mut *lock(&self.0) {
            State::Done(token) if ended.is_none_or(|ended| !token.ct_eq(ended)) => {
                return Ok(token.clone());
            }
            // Without a sender its task was lost with its thread.
            State::Running(running) if running.has_changed().is_ok() => running.clone(),
            state => {
                let running = self.start(log_in);
                *state = State::Running(running.clone());
                running
            }
        };
        match running.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(outcome)) => outcome.clone(),
            _ => Err(Error::new(ErrorKind::Unavailable, "the login was lost")
                .with_help("try again; if it happens again, please report it")),
        }
    }

    fn start(
        &self,
        log_in: impl Future<Output = Result<SecretValue, Error>> + Send + 'static,
    ) -> watch::Receiver<Outcome> {
        let (sender, receiver) = watch::channel(None);
        let state = self.0.clone();
        tokio::spawn(async move {
            let outcome = log_in.await;
            *lock(&state) = outcome.clone().map_or(State::None, State::Done);
            // Nobody may wait any more.
            let _ = sender.send(Some(outcome));
        });
        receiver
    }
}

fn lock(state: &ProcessLocal<Mutex<State>>) -> MutexGuard<'_, State> {
    state.get().lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::{sync::Notify, task::JoinSet};

    use super::*;

    fn run(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(test);
    }

    #[test]
    fn one_login_serves_all_who_wait_and_its_failure_is_not_kept() {
        run(async {
            let (login, count) = (Arc::new(Login::default()), Arc::new(AtomicUsize::new(0)));
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

    #[test]
    fn a_login_goes_on_without_the_one_that_began_it() {
        run(async {
            let login = Login::default();
            let go = Arc::new(Notify::new());
            let wait = go.clone();
            let log_in = async move {
                wait.notified().await;
                Ok("SeNtInEl".into())
            };
            let mut first = Box::pin(login.token(None, log_in));
            std::future::poll_fn(|task| {
                assert!(first.as_mut().poll(task).is_pending());
                std::task::Poll::Ready(())
            })
            .await;
            drop(first);
            go.notify_one();
            let never = async { Err(Error::new(ErrorKind::Other, "no second login")) };
            assert!(login.token(None, never).await.is_ok());
        });
    }
}
