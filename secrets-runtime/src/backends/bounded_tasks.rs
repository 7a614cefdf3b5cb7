use std::{future::Future, sync::Arc};

use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    core::error::{Error, ErrorKind},
    rt::io_thread::on_io_thread,
};

/// How many items of one call are worked on at the same time, as a rule: a long call does not delay a short one, and no
/// step floods a server.
#[cfg(any(all(unix, feature = "exec"), feature = "prefect", feature = "zenml"))]
pub(in crate::backends) const DEFAULT_CONCURRENCY: usize = 8;

/// Does the work for each item on the I/O thread, so many at a time. The answers are in the order of the items. If
/// the future is dropped, the work ends.
pub(in crate::backends) async fn run_bounded<T, R, F>(
    items: Vec<T>,
    at_once: usize,
    work: impl Fn(T) -> F + Send + Sync + 'static,
) -> Vec<Result<R, Error>>
where
    T: Send + 'static,
    R: Send + 'static,
    F: Future<Output = Result<R, Error>> + Send + 'static,
{
    let count = items.len();
    let answers = on_io_thread(async move {
        let (work, turns) = (Arc::new(work), Arc::new(Semaphore::new(at_once)));
        let mut running = JoinSet::new();
        for (place, item) in items.into_iter().enumerate() {
            let (work, turns) = (work.clone(), turns.clone());
            running.spawn(async move {
                let _turn = turns.acquire().await.ok();
                (place, work(item).await)
            });
        }
        let mut answers: Vec<_> = (0..count).map(|_| None).collect();
        while let Some(done) = running.join_next().await {
            // A task that panicked has no answer.
            let Ok((place, answer)) = done else { continue };
            answers[place] = Some(answer);
        }
        answers
    });
    match answers.await {
        Ok(answers) => answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect(),
        Err(error) => (0..count).map(|_| Err(error.clone())).collect(),
    }
}

fn lost<R>() -> Result<R, Error> {
    let error = Error::new(ErrorKind::Unavailable, "the request was lost");
    Err(error.with_help("this is a bug in the backend: please report it"))
}
