//! Both attributes are one step.
use secrets_runtime::{Error, secrets, task};

#[secrets(sources = ["a"], role = "")]
#[task(sources = ["b"], secret_requests = [Secret(kye = "k")])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
