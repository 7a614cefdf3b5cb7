//! The attribute belongs on a function.
use secrets_runtime::{secrets};

#[secrets(sources = ["a"])]
struct Step;

fn _uses(_: Step) {}

fn main() {}
