//! Cold start: the first secret of a fresh process, from the embedded store.

use secrets_runtime::{Error, current_context, secrets};

#[secrets(sources = ["app"])]
fn main() -> Result<(), Error> {
    current_context().secrets.get("app", "password").map(drop)
}
