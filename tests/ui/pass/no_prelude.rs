//! Nothing of the prelude is needed.
#![no_implicit_prelude]
#![allow(dead_code)]

#[::secrets_runtime::secrets(sources = ["a"])]
fn sync() -> ::std::result::Result<(), ::secrets_runtime::Error> {
    ::std::result::Result::Ok(())
}

#[::secrets_runtime::secrets(sources = ["a"], output = "serialize")]
async fn asynchronous(
    #[secret("b")] _b: ::secrets_runtime::SecretValue,
) -> ::std::result::Result<(), ::secrets_runtime::Error> {
    ::std::result::Result::Ok(())
}

fn main() {}
