//! Structs with fields that the secret does not have.
use secrets_runtime::{Error, SecretFields, SecretValue, current_context, secrets};
use serde::Deserialize;

#[derive(Deserialize, SecretFields)]
#[allow(dead_code)]
struct Db {
    user: String,
    pasword: SecretValue,
    host: String,
}

#[derive(Deserialize, SecretFields)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
struct Pair<T> {
    user: String,
    pass_word: SecretValue,
    #[serde(alias = "prt")]
    ports: u16,
    extra: T,
}

type Aliased = Pair<u8>;

#[secrets]
async fn parameters(
    #[secret("prod-db")] db: Db,
    #[secret("prod-db")] maybe: Option<Aliased>,
    #[secret("api-token")] token: Db,
) -> Result<(), Error> {
    let _ = (db, maybe, token);
    Ok(())
}

#[secrets(sources = ["prod-db"])]
fn call() -> Result<(), Error> {
    let db = current_context().secrets.get_as::<Db>("prod-db")?;
    let _ = (db, current_context().secrets.get_as::<Option<self::Pair<Vec<u8>>>>("prod-db")?);
    Ok(())
}

struct Service<T>(T);

impl<T: serde::de::DeserializeOwned> Service<T> {
    #[secrets]
    async fn method(&self, #[secret("prod-db")] db: Db, #[secret("prod-db")] t: T) -> Result<(), Error> {
        let _ = (db, t, &self.0);
        Ok(())
    }
}

/// Names say nothing: `Conf` is a parameter, and `A1` is not.
struct Job<Conf>(Conf);

#[derive(Deserialize, SecretFields)]
#[allow(dead_code)]
struct A1 {
    host: String,
}

impl<Conf: serde::de::DeserializeOwned> Job<Conf> {
    #[secrets]
    fn method(
        &self,
        #[secret("prod-db")] conf: Conf,
        #[secret("prod-db")] a: A1,
        #[secret("prod-db")] pair: Pair<Conf>,
    ) -> Result<(), Error> {
        let _ = (conf, a, pair, &self.0);
        let _ = current_context().secrets.get_as::<A1>("prod-db")?;
        let _ = current_context().secrets.get_as::<Conf>("prod-db")?;
        Ok(())
    }
}

impl A1 {
    #[secrets]
    async fn own(#[secret("prod-db")] this: Self) -> Result<(), Error> {
        let _ = this;
        Ok(())
    }
}

fn main() {}
