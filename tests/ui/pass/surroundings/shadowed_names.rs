//! The user's own `Result`, `Ok`, `Some`, `std` and so on are not used by the expansion.
#![allow(dead_code, non_camel_case_types, unused_macros)]
use secrets_runtime::{SecretValue, secrets, task};

struct Err;
struct Ok;
struct Some;
struct None;
struct Option;
struct String;
struct Box;
struct Secret;
struct MountType;
mod std {}
mod core {}
mod alloc {}
mod secrets_spec {}
struct str;
struct bool;
type Result = ::std::result::Result<(), secrets_runtime::Error>;
const NAME: &'static ::core::primitive::str = "name";
macro_rules! cfg { () => {} }
macro_rules! panic { () => {} }

#[secrets(sources = ["a", NAME])]
fn sync() -> Result {
    ::std::result::Result::Ok(())
}

#[task(secret_requests = [Secret(group = NAME, key = "k", mount_requirement = FILE)])]
async fn asynchronous() -> Result {
    ::std::result::Result::Ok(())
}

#[secrets(sources = [{ id = "i", type = "inline", options = { env_vars = { A = "b" } } }])]
async fn typed(#[secret("x")] _x: SecretValue, #[secret("y")] _y: u8) -> Result {
    ::std::result::Result::Ok(())
}

#[secrets]
fn typed_sync(#[secret("x")] _x: SecretValue) -> Result {
    ::std::result::Result::Ok(())
}

fn main() {}
