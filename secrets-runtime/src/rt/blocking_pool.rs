//! Threads for blocking work, so that no executor is held up and none is needed. There are at most
//! [`MAX_THREADS`] in the process; they start when there is work, and end when there is none.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    thread::{self, JoinHandle},
};

/// How many threads the process has for all calls together.
const MAX_THREADS: usize = 32;

/// How many items of one call are worked on at the same time: a server is asked so much at once by a step.
const MAX_OF_ONE_CALL: usize = 8;

static POOL: Pool = Pool::new();

/// Does blocking work on the pool's threads. The results come in the order of the items; `None` stands for work
/// that panicked or could not be started.
///
/// Calls take turns, an item each, so that a long one does not hold up a short one. If the future is dropped,
/// what is not begun is not done.
pub(crate) async fn on_threads<T, R>(
    items: Vec<T>,
    work: impl Fn(T) -> R + Send + Sync + 'static,
) -> Vec<Option<R>>
where
    T: Send + 'static,
    R: Send + 'static,
{
    POOL.run(items, work).await
}

/// Ends the threads and waits until they have ended, unless one of them works. They start again when they are
/// needed.
pub(crate) fn stop() {
    POOL.stop();
}

struct Pool(Mutex<State>);

struct State {
    /// Calls with work that is not done, the one whose turn it is first.
    calls: VecDeque<Call>,
    last_call: u64,
    /// How many threads work or look for work.
    serving: usize,
    /// How many threads wake a waiter.
    waking: usize,
    /// How many items are being worked on.
    working: usize,
    /// Every thread that has not been joined.
    threads: Vec<JoinHandle<()>>,
}

struct Call {
    id: u64,
    open: VecDeque<Task>,
    working: usize,
}

/// Does the work of one item. What it returns stores the result, and returns the waiter's waker if it is the
/// last one.
type Task = Box<dyn FnOnce() -> Publish + Send>;
type Publish = Box<dyn FnOnce() -> Option<Waker>>;

impl Pool {
    const fn new() -> Self {
        Self(Mutex::new(State {
            calls: VecDeque::new(),
            last_call: 0,
            serving: 0,
            waking: 0,
            working: 0,
            threads: Vec::new(),
        }))
    }

    async fn run<T, R>(
        &'static self,
        items: Vec<T>,
        work: impl Fn(T) -> R + Send + Sync + 'static,
    ) -> Vec<Option<R>>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        let results = std::iter::repeat_with(|| None).take(items.len()).collect();
        let results = Arc::new(Mutex::new(Results { results, open: items.len(), waker: None }));
        let work = Arc::new(work);
        let task = |(place, item)| -> Task {
            let (work, place) = (work.clone(), Place { results: Some(results.clone()), place });
            Box::new(move || {
                let result = catch_unwind(AssertUnwindSafe(|| work(item))).ok();
                Box::new(move || place.set(result))
            })
        };
        let tasks = items.into_iter().enumerate().map(task).collect();
        let _cancel = CancelOnDrop { pool: self, call: self.start(tasks) };
        std::future::poll_fn(|waiter| {
            let mut results = lock(&results);
            if results.open == 0 {
                return Poll::Ready(std::mem::take(&mut results.results));
            }
            results.waker = Some(waiter.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// Adds a call, and starts threads for it. Returns the call's number.
    fn start(&'static self, open: VecDeque<Task>) -> u64 {
        let mut state = lock(&self.0);
        state.last_call += 1;
        let id = state.last_call;
        let wanted = open.len().min(MAX_OF_ONE_CALL);
        if wanted == 0 {
            return id;
        }
        state.calls.push_back(Call { id, open, working: 0 });
        for _ in 0..wanted {
            if state.has_room() || state.serving == 0 {
                self.add_thread(&mut state);
            }
        }
        // If the system has no thread to give, the work is dropped, and its results are `None`.
        let lost = if state.serving == 0 { state.calls.pop_back() } else { None };
        drop(state);
        drop(lost);
        id
    }

    fn add_thread(&'static self, state: &mut State) {
        let thread = thread::Builder::new().name("secrets-http".to_owned());
        if let Ok(thread) = thread.spawn(|| self.serve()) {
            state.serving += 1;
            state.threads.push(thread);
        }
    }

    /// What a thread does.
    fn serve(&'static self) {
        loop {
            let mut state = lock(&self.0);
            let Some((call, task)) = state.take() else {
                state.serving -= 1;
                return;
            };
            drop(state);
            let publish = task();
            // Before the result is known: whoever has it may stop the threads.
            lock(&self.0).done(call);
            let Some(waker) = publish() else { continue };
            if !self.wake(waker) {
                return;
            }
        }
    }

    /// Wakes a waiter. Returns whether this thread goes on.
    ///
    /// What is woken may run on this very thread, and wait there for another call. So another thread takes over
    /// if this was the last one that did the work, even if there are [`MAX_THREADS`].
    fn wake(&'static self, waker: Waker) -> bool {
        let mut state = lock(&self.0);
        state.serving -= 1;
        state.waking += 1;
        if state.serving == 0 && state.has_work() {
            self.add_thread(&mut state);
        }
        drop(state);
        // A panicking waker must not end the thread's work for others.
        let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        let mut state = lock(&self.0);
        state.waking -= 1;
        let goes_on = state.has_room() && state.has_work();
        state.serving += usize::from(goes_on);
        goes_on
    }

    fn cancel(&self, call: u64) {
        let mut state = lock(&self.0);
        let place = state.calls.iter().position(|known| known.id == call);
        // What is being worked on is finished; the rest is dropped outside the lock.
        let dropped = place.and_then(|place| state.calls.remove(place));
        let ended: Vec<_> = state.threads.extract_if(.., |thread| thread.is_finished()).collect();
        drop(state);
        drop(dropped);
        join(ended);
    }

    fn stop(&self) {
        let mut state = lock(&self.0);
        let here = thread::current().id();
        if state.working > 0
            || state.has_work()
            || state.threads.iter().any(|thread| thread.thread().id() == here)
        {
            return;
        }
        let threads = std::mem::take(&mut state.threads);
        drop(state);
        // They find no work, and end.
        join(threads);
    }
}

impl State {
    fn has_room(&self) -> bool {
        self.serving + self.waking < MAX_THREADS
    }

    fn has_work(&self) -> bool {
        self.calls.iter().any(Call::has_turn)
    }

    /// Takes an item of the call whose turn it is.
    fn take(&mut self) -> Option<(u64, Task)> {
        let place = self.calls.iter().position(Call::has_turn)?;
        let mut call = self.calls.remove(place)?;
        let task = call.open.pop_front()?;
        let id = call.id;
        call.working += 1;
        self.working += 1;
        self.calls.push_back(call);
        Some((id, task))
    }

    /// An item of a call is done.
    fn done(&mut self, call: u64) {
        self.working -= 1;
        // It is not there if it was cancelled.
        let Some(place) = self.calls.iter().position(|known| known.id == call) else { return };
        let call = &mut self.calls[place];
        call.working -= 1;
        if call.working == 0 && call.open.is_empty() {
            self.calls.remove(place);
        }
    }
}

impl Call {
    fn has_turn(&self) -> bool {
        self.working < MAX_OF_ONE_CALL && !self.open.is_empty()
    }
}

struct Results<R> {
    results: Vec<Option<R>>,
    /// How many are not known yet.
    open: usize,
    waker: Option<Waker>,
}

/// Where one result belongs. If this is dropped before there is one, the result is `None`.
struct Place<R> {
    results: Option<Arc<Mutex<Results<R>>>>,
    place: usize,
}

impl<R> Place<R> {
    /// Stores the result. Returns the waiter's waker if it is the last one.
    fn set(mut self, result: Option<R>) -> Option<Waker> {
        self.close(result)
    }

    fn close(&mut self, result: Option<R>) -> Option<Waker> {
        let results = self.results.take()?;
        let mut results = lock(&results);
        results.results[self.place] = result;
        results.open -= 1;
        if results.open == 0 { results.waker.take() } else { None }
    }
}

impl<R> Drop for Place<R> {
    fn drop(&mut self) {
        if let Some(waker) = self.close(None) {
            waker.wake();
        }
    }
}

struct CancelOnDrop {
    pool: &'static Pool,
    call: u64,
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.pool.cancel(self.call);
    }
}

fn join(threads: Vec<JoinHandle<()>>) {
    // A panic has ended a thread as well.
    threads.into_iter().for_each(|thread| drop(thread.join()));
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
        pin::pin,
        sync::{
            Condvar,
            atomic::{AtomicBool, AtomicUsize, Ordering},
            mpsc,
        },
        task::{Context, Wake},
    };

    use super::*;
    use crate::rt::{block_on::block_on, join_all::join_all};

    #[test]
    fn results_come_in_order_and_a_panic_is_one_of_them() {
        let work = |n: usize| if n == 7 { panic!("this one") } else { n * 2 };
        let results = block_on(on_threads((0..50).collect(), work));
        let wanted: Vec<_> = (0..50).map(|n| (n != 7).then_some(n * 2)).collect();
        assert_eq!(results, wanted);
        assert!(block_on(on_threads(Vec::new(), work)).is_empty());
    }

    /// A server that answers nobody until so many wait at once. Each answer is the byte that was sent.
    fn slow_server(crowd: usize) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let arrived = Arc::new((Mutex::new(0), Condvar::new()));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, arrived) = (stream.expect("a connection"), arrived.clone());
                thread::spawn(move || {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).expect("a request");
                    let mut count = lock(&arrived.0);
                    *count += 1;
                    arrived.1.notify_all();
                    drop(arrived.1.wait_while(count, |count| *count < crowd));
                    stream.write_all(&byte).expect("an answer");
                });
            }
        });
        address
    }

    #[test]
    fn calls_of_a_crowd_share_the_threads_and_all_end() {
        static CROWD: Pool = Pool::new();
        static NOW: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);

        let server = slow_server(MAX_THREADS);
        let ask = move |byte: u8| {
            MOST.fetch_max(NOW.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let mut stream = TcpStream::connect(server).expect("a connection");
            stream.write_all(&[byte]).expect("a request");
            let mut answer = [0];
            stream.read_exact(&mut answer).expect("an answer");
            NOW.fetch_sub(1, Ordering::SeqCst);
            answer[0]
        };
        let items = |call: usize| vec![call as u8, call as u8 + 1];
        let calls: Vec<_> = (0..500).map(|n| Box::pin(CROWD.run(items(n % 200), ask))).collect();
        let mut all = pin!(join_all(calls));
        // Every call has begun.
        assert!(all.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let state = lock(&CROWD.0);
        assert!(state.serving + state.waking <= MAX_THREADS);
        drop(state);
        for (n, answers) in block_on(all).into_iter().enumerate() {
            assert_eq!(answers, items(n % 200).into_iter().map(Some).collect::<Vec<_>>());
        }
        assert_eq!(MOST.load(Ordering::SeqCst), MAX_THREADS);
        CROWD.stop();
        let state = lock(&CROWD.0);
        assert_eq!((state.serving, state.working, state.calls.len()), (0, 0, 0));
        assert!(state.threads.is_empty());
    }

    #[test]
    fn a_long_call_does_not_hold_up_a_short_one() {
        static TURNS: Pool = Pool::new();
        // Its items wait for the short call, and are more than there are threads.
        let (opened, gate) = (Arc::new((Mutex::new(false), Condvar::new())), 4 * MAX_OF_ONE_CALL);
        let long = {
            let opened = opened.clone();
            TURNS.run((0..gate).collect::<Vec<_>>(), move |_| {
                drop(opened.1.wait_while(lock(&opened.0), |opened| !*opened));
            })
        };
        let mut long = pin!(long);
        assert!(long.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(block_on(TURNS.run(vec![1], |n| n + 1)), [Some(2)]);
        *lock(&opened.0) = true;
        opened.1.notify_all();
        assert_eq!(block_on(long).len(), gate);
    }

    /// A waker on whose thread a step runs, as executors that poll at once have it.
    struct CallsAgain(Box<dyn Fn() + Send + Sync>, AtomicBool);

    impl Wake for CallsAgain {
        fn wake(self: Arc<Self>) {
            if !self.1.swap(true, Ordering::SeqCst) {
                self.0();
            }
        }
    }

    #[test]
    fn what_is_woken_on_a_thread_of_the_pool_can_wait_for_another_call() {
        static NESTED: Pool = Pool::new();
        static GATE: Mutex<()> = Mutex::new(());
        let (done, answers) = mpsc::channel();
        let closed = lock(&GATE);
        // More than there are threads, so that each would be held by a step that waits.
        let calls: Vec<_> = (0..3 * MAX_THREADS)
            .map(|n| {
                let done = done.clone();
                let again = move || {
                    let answer = block_on(NESTED.run(vec![n], |n| n + 1));
                    done.send(answer).expect("somebody waits");
                };
                let waker = Waker::from(Arc::new(CallsAgain(Box::new(again), false.into())));
                let mut call = Box::pin(NESTED.run(vec![n], |_| drop(lock(&GATE))));
                assert!(call.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
                call
            })
            .collect();
        drop((closed, done));
        let mut nested: Vec<_> = answers.iter().flatten().flatten().collect();
        nested.sort_unstable();
        assert_eq!(nested, (1..=3 * MAX_THREADS).collect::<Vec<_>>());
        drop(calls);
    }

    #[test]
    fn what_is_not_begun_is_not_done_for_a_call_that_is_dropped() {
        static DROPPED: Pool = Pool::new();
        static BEGUN: AtomicUsize = AtomicUsize::new(0);
        let (begun, begin) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let ended = Mutex::new(ended);
        let work = move |_| {
            BEGUN.fetch_add(1, Ordering::SeqCst);
            begun.send(()).expect("the test waits");
            let _ = lock(&ended).recv();
        };
        let mut call = Box::pin(DROPPED.run(vec![(); 50], work));
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        begin.iter().take(MAX_OF_ONE_CALL).for_each(drop);
        drop(call);
        // It works, so it is not waited for.
        DROPPED.stop();
        assert_eq!(lock(&DROPPED.0).working, MAX_OF_ONE_CALL);
        drop(end);
        assert!(begin.recv().is_err(), "nothing begins, and the work is dropped");
        assert_eq!(BEGUN.load(Ordering::SeqCst), MAX_OF_ONE_CALL);
    }
}
