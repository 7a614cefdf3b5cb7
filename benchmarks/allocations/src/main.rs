//! How often what is done a million times asks for memory.
//!
//! A program of its own: its allocator counts, which would make slower whatever else is measured. It writes a
//! line for each thing, its name and the number.

use std::{
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
};

use allocation_counter::measure;
use secrets_runtime::{Error, current_context, secrets};

#[secrets(sources = ["db"])]
fn step() -> Result<(), Error> {
    Ok(())
}

#[secrets(sources = ["db"])]
async fn step_async() -> Result<(), Error> {
    Ok(())
}

#[secrets(sources = ["db"])]
fn reading() -> Result<u64, Error> {
    // What it reads is there, or the figure would be of an error.
    current_context().secrets.get("db", "password")?;
    let read = measure(|| {
        drop(black_box(current_context().secrets.get("db", "password")));
    });
    Ok(read.count_total)
}

fn main() -> Result<(), Error> {
    in_memory::resolver(32)?.install()?;
    println!("get {}", reading()?);
    step()?;
    println!("step {}", measure(|| drop(black_box(step()))).count_total);
    poll(step_async());
    println!("async-step {}", measure(|| poll(step_async())).count_total);
    Ok(())
}

/// The backend answers at once, and so does the step.
fn poll(step: impl Future<Output = Result<(), Error>>) {
    let polled = pin!(step).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Ok(()))), "the step has not run");
}
