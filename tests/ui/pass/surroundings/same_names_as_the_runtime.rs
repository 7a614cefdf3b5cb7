//! Modules, types and functions with the names of the runtime's.
#![deny(warnings)]
#![allow(dead_code)]
use ::secrets_runtime::secrets;

mod secrets_runtime {}
mod __private {}
struct Step;
struct Src;
struct Error;
trait Fallible {}

fn enter() {}
fn run() {}

#[secrets(sources = ["a"])]
fn step() -> Result<(), ::secrets_runtime::Error> {
    enter();
    Ok(())
}

#[secrets(sources = ["a"])]
async fn step_async() -> Result<(), ::secrets_runtime::Error> {
    run();
    Ok(())
}

fn main() {}
