//! A body or an argument that is not `Send` is shown as such.
use std::rc::Rc;

use secrets_runtime::{Error, secrets};

fn is_auth_error(_: &Error) -> bool {
    true
}

fn is_send(_: impl Send) {}

#[secrets(refresh_on = is_auth_error)]
async fn body() -> Result<(), Error> {
    let held = Rc::new(1);
    async {}.await;
    drop(held);
    Ok(())
}

#[secrets(refresh_on = is_auth_error)]
async fn argument(held: Rc<u8>) -> Result<u8, Error> {
    Ok(*held)
}

fn caller() {
    is_send(body());
    is_send(argument(Rc::new(1)));
}

fn main() {}
