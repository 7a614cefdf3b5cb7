//! The runtime under another name, from a module, and through `$crate`.
#![deny(warnings)]
#![allow(dead_code)]

extern crate secrets_runtime as renamed;

mod facade {
    pub use secrets_runtime as inner;
}

#[renamed::secrets(sources = ["a"], crate = renamed)]
fn one() -> Result<(), renamed::Error> {
    Ok(())
}

#[facade::inner::secrets(sources = ["a"], crate = crate::facade::inner)]
async fn two() -> Result<(), facade::inner::Error> {
    Ok(())
}

macro_rules! step {
    () => {
        #[facade::inner::task(secret_requests = [Secret(key = "a")], crate = $crate::facade::inner)]
        fn three() -> Result<(), facade::inner::Error> {
            Ok(())
        }
    };
}

step!();

mod deeper {
    #[super::facade::inner::secrets(crate = super::facade::inner)]
    fn four() -> Result<(), super::facade::inner::Error> {
        Ok(())
    }
}

#[derive(facade::inner::SecretFields)]
#[secret_fields(crate = crate::facade::inner)]
struct Db {
    user: String,
}

fn main() {}
