use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    thread::{self, JoinHandle},
};

/// How many requests of one call are made at the same time.
const MAX_THREADS: usize = 8;

/// Does blocking work on threads of its own, so that no executor is held up and none is needed: some at a
/// time, the results in order. They end with the work. `None` is what panicked or could not be started.
///
/// If the future is dropped, what is not begun is not done.
pub(in crate::backends) async fn on_threads<T, R>(
    items: Vec<T>,
    work: impl Fn(T) -> R + Send + Sync + 'static,
) -> Vec<Option<R>>
where
    T: Send + 'static,
    R: Send + 'static,
{
    let count = items.len();
    let results = std::iter::repeat_with(|| None).take(count).collect();
    let open = items.into_iter().enumerate().collect();
    let state = Arc::new(Mutex::new(State { open, results, running: 0, waker: None }));
    let work = Arc::new(work);
    let mut running = Running { state, threads: Vec::new() };
    for _ in 0..count.min(MAX_THREADS) {
        let (state, work) = (running.state.clone(), work.clone());
        lock(&state).running += 1;
        let builder = thread::Builder::new().name("secrets-http".to_owned());
        match builder.spawn(move || worker(&state, &*work)) {
            Ok(thread) => running.threads.push(thread),
            Err(_) => lock(&running.state).running -= 1,
        }
    }
    std::future::poll_fn(|task| {
        let mut state = lock(&running.state);
        if state.running == 0 {
            return Poll::Ready(());
        }
        state.waker = Some(task.waker().clone());
        Poll::Pending
    })
    .await;
    // They are done but for their last steps, and nobody counts them any more.
    running.threads.drain(..).for_each(|thread| drop(thread.join()));
    let mut state = lock(&running.state);
    std::mem::take(&mut state.results)
}

struct State<T, R> {
    open: VecDeque<(usize, T)>,
    results: Vec<Option<R>>,
    running: usize,
    waker: Option<Waker>,
}

struct Running<T, R> {
    state: Arc<Mutex<State<T, R>>>,
    threads: Vec<JoinHandle<()>>,
}

impl<T, R> Drop for Running<T, R> {
    fn drop(&mut self) {
        lock(&self.state).open.clear();
    }
}

fn worker<T, R>(state: &Mutex<State<T, R>>, work: &impl Fn(T) -> R) {
    loop {
        let Some((place, item)) = lock(state).open.pop_front() else { break };
        let result = catch_unwind(AssertUnwindSafe(|| work(item))).ok();
        lock(state).results[place] = result;
    }
    let waker = {
        let mut state = lock(state);
        state.running -= 1;
        if state.running == 0 { state.waker.take() } else { None }
    };
    // Outside the lock: a waker may poll at once.
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn lock<T, R>(state: &Mutex<State<T, R>>) -> MutexGuard<'_, State<T, R>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::block_on::block_on;

    #[test]
    fn results_come_in_order_and_a_panic_is_one_of_them() {
        let work = |n: usize| if n == 7 { panic!("this one") } else { n * 2 };
        let results = block_on(on_threads((0..50).collect(), work));
        let wanted: Vec<_> = (0..50).map(|n| (n != 7).then_some(n * 2)).collect();
        assert_eq!(results, wanted);
        assert!(block_on(on_threads(Vec::new(), work)).is_empty());
    }
}
