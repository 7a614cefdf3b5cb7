//! A step can fail.
use secrets_runtime::{secrets};

#[secrets(sources = ["a"])]
fn step() {}

#[secrets(sources = ["a"])]
async fn step_async() {
    println!("body");
}

#[secrets]
fn unit() -> () {}

fn main() {}
