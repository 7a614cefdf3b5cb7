//! The attribute belongs on a function.
use secrets_runtime::{task};

#[task]
mod steps {
    pub fn step() {}
}

fn _uses() {
    steps::step();
}

fn main() {}
