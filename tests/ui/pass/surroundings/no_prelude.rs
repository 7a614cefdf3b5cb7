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

#[::secrets_runtime::secrets(refresh_on = ::secrets_runtime::Error::is_transient)]
async fn again(
    text: &str,
    #[secret("b")] _b: ::secrets_runtime::SecretValue,
) -> ::std::result::Result<&str, ::secrets_runtime::Error> {
    ::std::result::Result::Ok(text)
}

#[::secrets_runtime::secrets(refresh_on = ::secrets_runtime::Error::is_transient)]
fn again_sync(rows: usize) -> ::std::result::Result<usize, ::secrets_runtime::Error> {
    ::std::result::Result::Ok(rows)
}

fn main() {}
