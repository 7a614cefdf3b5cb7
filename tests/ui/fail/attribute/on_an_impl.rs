//! The attribute belongs on a function.
use secrets_runtime::{secrets};

struct Step;

#[secrets(sources = ["a"])]
impl Step {
    fn step() {}
}

fn _uses() {
    Step::step();
}

fn main() {}
