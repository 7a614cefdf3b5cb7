//! Tokens that come through `macro_rules` are in invisible groups.
#![deny(warnings)]
#![allow(dead_code)]
use secrets_runtime::{Error, SecretValue, secrets, task};

const CONSTANT: &str = "constant";

macro_rules! step {
    ($vis:vis $name:ident, $source:expr, $literal:literal, $path:path, $flag:expr, $ty:ty, $body:block) => {
        #[secrets(
            sources = [$source, { id = $literal, options = { json = $flag } }, $path],
            allow_override = $flag,
            role = "",
        )]
        $vis fn $name(_argument: $ty, #[secret($source)] _value: SecretValue, #[secret($literal, key = $literal)] _other: $ty) -> Result<$ty, Error> $body
    };
}

step!(pub first, "a", "b", CONSTANT, true, u8, { Ok(1) });
step!(second, CONSTANT, "b", crate::other::NAME, false, Vec<u8>, { Ok(vec![1]) });

mod other {
    pub const NAME: &str = "name";
}

macro_rules! result {
    ($result:ty) => {
        #[secrets(sources = ["a"])]
        fn of_type() -> $result {
            Ok(1)
        }

        #[task(secret_requests = [Secret(group = "g", key = "k")])]
        async fn of_type_async() -> $result {
            Ok(1)
        }
    };
}

result!(Result<u8, Error>);

macro_rules! attribute {
    ($item:item) => {
        #[secrets(sources = ["a"])]
        $item
    };
}

attribute! {
    /// Documented.
    pub async fn whole_item(text: &str) -> Result<&str, Error> { Ok(text) }
}

macro_rules! arguments {
    ($($source:tt),*) => {
        #[secrets(sources = [$($source),*])]
        fn of_tokens() -> Result<(), Error> {
            Ok(())
        }
    };
}

arguments!("a", { id = "b" }, CONSTANT);

fn main() {}
