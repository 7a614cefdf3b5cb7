//! Structs that fit their secrets, in all ways that serde reads them.
#![deny(warnings)]
use secrets_runtime::{Error, SecretFields, SecretValue, current_context, secrets};
use serde::{Deserialize, de::DeserializeOwned};

#[derive(Deserialize, SecretFields)]
pub struct Db {
    #[serde(rename = "user")]
    pub name: String,
    #[serde(alias = "password", alias = "pw")]
    pub secret: SecretValue,
    #[serde(default)]
    pub host: String,
    #[serde(default = "number")]
    pub number: u16,
    #[serde(skip)]
    pub skipped: u8,
    pub absent: Option<u8>,
    #[serde(rename(deserialize = "port", serialize = "x"))]
    pub r#type: u16,
}

fn number() -> u16 {
    1
}

#[derive(Deserialize, SecretFields)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub struct Upper<T> {
    pub user: T,
    pub password: SecretValue,
    pub port: u16,
}

#[derive(Deserialize, SecretFields)]
#[serde(default)]
#[derive(Default)]
pub struct AllDefault {
    pub nothing: u8,
}

#[derive(Deserialize, SecretFields)]
pub struct Flattened {
    pub nothing: Option<u8>,
    #[serde(flatten)]
    pub rest: std::collections::BTreeMap<String, SecretValue>,
}

#[derive(Deserialize, SecretFields)]
pub struct Token(pub SecretValue);

#[derive(Deserialize)]
pub struct NotDerived {
    pub nothing: u8,
}

type Aliased = Upper<String>;

#[secrets]
pub fn parameters(
    #[secret("prod-db")] a: Db,
    #[secret("prod-db")] b: Option<Aliased>,
    #[secret("prod-db")] c: AllDefault,
    #[secret("prod-db")] d: Flattened,
    #[secret("api-token")] e: Token,
    #[secret("prod-db")] f: NotDerived,
) -> Result<(), Error> {
    let _ = (a, b, c, d, e, f);
    let _ = current_context().secrets.get_as::<Upper<u8>>("prod-db")?;
    let _: Db = current_context().secrets.get_as("prod-db")?;
    let _ = current_context().secrets.get_as::<_>("prod-db").map(|db: Db| db)?;
    Ok(())
}

#[secrets]
pub fn generic<T: DeserializeOwned>(
    #[secret("prod-db")] a: T,
    #[secret("prod-db")] b: Upper<T>,
) -> Result<(), Error> {
    let _ = (a, b);
    let _ = current_context().secrets.get_as::<Upper<T>>("prod-db")?;
    Ok(())
}

pub struct Service<T>(pub T);

impl<T: DeserializeOwned> Service<T> {
    #[secrets]
    pub async fn method(&self, #[secret("prod-db")] a: T, #[secret("prod-db")] b: Db) -> Result<(), Error> {
        let _ = (a, b);
        let _ = current_context().secrets.get_as::<T>("prod-db")?;
        Ok(())
    }

    #[secrets]
    pub fn associated(#[secret("prod-db")] a: T, #[secret("prod-db")] b: Db) -> Result<(), Error> {
        let _ = (a, b);
        Ok(())
    }
}

pub struct Job<Conf, A1>(pub Conf, pub A1);

impl<Conf: DeserializeOwned, A1: DeserializeOwned> Job<Conf, A1> {
    #[secrets]
    pub fn method(&self, #[secret("prod-db")] conf: Conf, #[secret("prod-db")] a: A1) -> Result<(), Error> {
        let _ = (conf, a);
        let _ = current_context().secrets.get_as::<Option<Conf>>("prod-db")?;
        Ok(())
    }

    #[secrets]
    pub async fn asynchronous(
        #[secret("prod-db")] conf: Upper<Conf>,
        #[secret("prod-db")] db: Borrowed<'static, A1>,
    ) -> Result<(), Error> {
        let _ = (conf, db);
        let _ = current_context().secrets.get_as::<Upper<A1>>("prod-db")?;
        Ok(())
    }
}

#[derive(Deserialize, SecretFields)]
#[serde(bound = "T: Deserialize<'de>")]
pub struct Borrowed<'a, T> {
    pub user: T,
    #[serde(skip)]
    pub text: Option<&'a str>,
}

pub mod private {
    use secrets_runtime::SecretFields;

    #[derive(serde::Deserialize, SecretFields)]
    struct Hidden {
        user: String,
    }

    #[secrets_runtime::secrets]
    pub fn step(#[secret("prod-db")] hidden: Hidden) -> Result<usize, secrets_runtime::Error> {
        #[derive(serde::Deserialize, SecretFields)]
        #[secret_fields(crate = secrets_runtime)]
        struct Local {
            password: String,
        }
        let local = secrets_runtime::current_context().secrets.get_as::<Local>("prod-db")?;
        Ok(hidden.user.len() + local.password.len())
    }
}

fn main() {}
