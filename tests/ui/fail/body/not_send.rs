//! A body that is not `Send` is shown as such.
use secrets_runtime::{Error, secrets};

fn is_send(_: impl Send) {}

#[secrets(sources = ["a"])]
async fn step() -> Result<(), Error> {
    let held = std::rc::Rc::new(1);
    async {}.await;
    drop(held);
    Ok(())
}

fn caller() {
    is_send(step());
}

fn main() {}
