//! Every order in which threads can poll a call, end it, and stop waiting for it.
//!
//! ```sh
//! cargo xtask test loom
//! ```

use std::future::poll_fn;

use loom::{
    future::{AtomicWaker, block_on},
    sync::atomic::AtomicUsize,
    thread,
};

use super::*;

const OUTCOME: u32 = 42;

/// A gate for which a call waits.
struct Gate {
    /// How many more pushes it needs.
    left: AtomicUsize,
    waker: AtomicWaker,
    polls: AtomicUsize,
}

impl Gate {
    fn new(pushes: usize) -> Arc<Self> {
        let (left, polls) = (AtomicUsize::new(pushes), AtomicUsize::new(0));
        Arc::new(Self { left, waker: AtomicWaker::new(), polls })
    }

    fn push(&self) {
        self.left.fetch_sub(1, Ordering::AcqRel);
        self.waker.wake();
    }

    /// A call that ends when the gate is open.
    fn call(self: &Arc<Self>) -> Arc<InFlight<u32>> {
        let gate = self.clone();
        let call = poll_fn(move |task| {
            gate.polls.fetch_add(1, Ordering::Relaxed);
            gate.waker.register_by_ref(task.waker());
            match gate.left.load(Ordering::Acquire) {
                0 => Poll::Ready(OUTCOME),
                _ => Poll::Pending,
            }
        });
        Arc::new(InFlight::new(1, Box::pin(call)))
    }
}

/// Waits without a deadline: the model has no timer.
fn wait(flight: &InFlight<u32>) -> u32 {
    let ticket = flight.ticket();
    let outcome = block_on(poll_fn(|task| flight.poll(ticket, task)));
    flight.leave(ticket);
    outcome
}

fn model(check: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    // An exhaustive search does not end; faults of this kind need few preemptions.
    builder.preemption_bound = builder.preemption_bound.or(Some(3));
    builder.check(check);
}

#[test]
fn loom_all_waiters_get_the_outcome() {
    model(|| {
        let gate = Gate::new(1);
        let flight = gate.call();
        let other = flight.clone();
        let waiting = thread::spawn(move || wait(&other));
        let pushed = gate.clone();
        let pushing = thread::spawn(move || pushed.push());
        assert_eq!(wait(&flight), OUTCOME);
        assert_eq!(waiting.join().unwrap(), OUTCOME);
        pushing.join().unwrap();
        // Each poll but the first follows a push: waiters do not poll without need.
        assert!(gate.polls.load(Ordering::Relaxed) <= 2);
    });
}

#[test]
fn loom_a_call_continues_when_a_waiter_that_polled_it_has_left() {
    model(|| {
        let gate = Gate::new(1);
        let flight = gate.call();
        let leaving = flight.clone();
        let leaving = thread::spawn(move || {
            let ticket = leaving.ticket();
            let polled = leaving.poll(ticket, &Context::from_waker(Waker::noop()));
            leaving.leave(ticket);
            polled
        });
        let pushed = gate.clone();
        let pushing = thread::spawn(move || pushed.push());
        assert_eq!(wait(&flight), OUTCOME);
        let polled = leaving.join().unwrap();
        assert!(polled.is_pending() || polled == Poll::Ready(OUTCOME));
        pushing.join().unwrap();
    });
}

#[test]
fn loom_a_call_that_is_pushed_twice_is_polled_after_each() {
    model(|| {
        let gate = Gate::new(2);
        let flight = gate.call();
        let pushes: Vec<_> = (0..2)
            .map(|_| {
                let gate = gate.clone();
                thread::spawn(move || gate.push())
            })
            .collect();
        assert_eq!(wait(&flight), OUTCOME);
        pushes.into_iter().for_each(|push| push.join().unwrap());
        assert!(gate.polls.load(Ordering::Relaxed) <= 3);
    });
}

#[test]
fn loom_a_late_waiter_gets_the_outcome() {
    model(|| {
        let gate = Gate::new(0);
        let flight = gate.call();
        let other = flight.clone();
        let waiting = thread::spawn(move || wait(&other));
        assert_eq!(wait(&flight), OUTCOME);
        assert_eq!(wait(&flight), OUTCOME);
        assert_eq!(waiting.join().unwrap(), OUTCOME);
        assert_eq!(gate.polls.load(Ordering::Relaxed), 1);
    });
}
