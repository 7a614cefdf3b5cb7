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
fn results_are_in_order_and_a_panic_is_none() {
    let work = |n: usize| if n == 7 { panic!("this one") } else { n * 2 };
    let results = block_on(on_threads((0..50).collect(), work));
    let wanted: Vec<_> = (0..50).map(|n| (n != 7).then_some(n * 2)).collect();
    assert_eq!(results, wanted);
    assert!(block_on(on_threads(Vec::new(), work)).is_empty());
}

/// A server that answers only when this many clients wait at once. Each answer is the byte that was sent.
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
fn many_calls_share_the_threads_and_all_end() {
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
    // Every call has started.
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
    // Its items wait for the short call, and there are more of them than threads.
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

/// A waker that runs a step on its thread, as executors do that poll in the waker.
struct CallsAgain(Box<dyn Fn() + Send + Sync>, AtomicBool);

impl Wake for CallsAgain {
    fn wake(self: Arc<Self>) {
        if !self.1.swap(true, Ordering::SeqCst) {
            self.0();
        }
    }
}

#[test]
fn code_woken_on_a_pool_thread_can_wait_for_another_call() {
    static NESTED: Pool = Pool::new();
    static GATE: Mutex<()> = Mutex::new(());
    let (done, answers) = mpsc::channel();
    let closed = lock(&GATE);
    // More calls than threads, so that every thread would be blocked by a step that waits.
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
fn items_of_a_dropped_call_that_have_not_started_are_dropped() {
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
    // A thread has work, so it is not waited for.
    DROPPED.stop();
    assert_eq!(lock(&DROPPED.0).working, MAX_OF_ONE_CALL);
    drop(end);
    assert!(begin.recv().is_err(), "nothing begins, and the work is dropped");
    assert_eq!(BEGUN.load(Ordering::SeqCst), MAX_OF_ONE_CALL);
}
