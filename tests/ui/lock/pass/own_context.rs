//! A function of the program with the name `current_context`, however it is imported, reads what it likes.
#![deny(warnings)]
use secrets_runtime::{Error, SecretFields, secrets, task};

#[derive(serde::Deserialize, SecretFields)]
pub struct Db {
    pub nothing: u8,
}

mod mine {
    pub struct Context {
        pub secrets: Secrets,
    }

    pub struct Secrets;

    impl Secrets {
        pub fn get(&self, _: &str, _: &str) -> Result<(), secrets_runtime::Error> {
            Ok(())
        }

        pub fn get_as<T>(&self, _: &str) -> Result<Option<T>, secrets_runtime::Error> {
            Ok(None)
        }

        pub fn var(&self, _: &str) -> Result<(), secrets_runtime::Error> {
            Ok(())
        }
    }

    pub fn current_context() -> Context {
        Context { secrets: Secrets }
    }
}

pub mod imported {
    use super::*;
    use super::mine::current_context;

    #[secrets(sources = ["prod-db"])]
    pub fn step() -> Result<(), Error> {
        current_context().secrets.get("nowhere", "user")?;
        current_context().secrets.get("prod-db", "usr")?;
        current_context().secrets.var("USR")?;
        current_context().secrets.get_as::<Db>("prod-db").map(|_| ())
    }
}

pub mod by_glob {
    use super::{mine::*, *};

    #[task(secret_requests = [Secret(group = "prod-db", key = "user")])]
    pub async fn step() -> Result<(), Error> {
        current_context().secrets.get("nowhere", "user")?;
        current_context().secrets.get("prod-db", "usr")
    }
}

pub mod renamed {
    use super::{mine::current_context as other, *};

    #[secrets(sources = ["prod-db"])]
    pub fn step() -> Result<(), Error> {
        use other as current_context;
        current_context().secrets.get("nowhere", "user")
    }
}

#[secrets(sources = ["prod-db"])]
pub fn in_the_body() -> Result<(), Error> {
    use secrets_runtime::current_context as step_context;
    step_context().secrets.get("prod-db", "user")?;
    {
        use mine::current_context;
        current_context().secrets.get("nowhere", "user")?;
    }
    let current_context = mine::current_context;
    current_context().secrets.get("nowhere", "user")
}

fn main() {}
