//! Connections with the present credentials.

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use secrets_runtime::{SecretValue, pool::Rotating};
use serde::Deserialize;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls, error::SqlState};

/// The credentials of the database.
#[derive(Deserialize)]
pub struct Db {
    pub user: String,
    pub password: SecretValue,
    pub host: String,
    pub port: u16,
    pub name: String,
}

/// The present ones.
pub static DB: LazyLock<Rotating<Db>> = LazyLock::new(|| Rotating::new("prod-db"));

/// How often it is tried. A password may change while a connection is being opened, and again while the next one is.
pub const ATTEMPTS: usize = 3;

/// Connects with the present credentials, and with new ones if the database refuses these.
pub async fn connect() -> Result<(Client, JoinHandle<()>), ConnectError> {
    for _ in 1..ATTEMPTS {
        match DB.with_fresh(connect_as, ConnectError::is_wrong_password).await {
            Err(error) if error.is_wrong_password() => {}
            ended => return ended,
        }
    }
    DB.with_fresh(connect_as, ConnectError::is_wrong_password).await
}

async fn connect_as(db: Arc<Db>) -> Result<(Client, JoinHandle<()>), ConnectError> {
    let mut config = Config::new();
    config.host(&db.host).port(db.port).dbname(&db.name);
    config.user(&db.user).password(db.password.expose_bytes());
    let (client, connection) = config.connect(NoTls).await?;
    let task = tokio::spawn(async move {
        // The client reports why its connection has ended.
        let _ = connection.await;
    });
    Ok((client, task))
}

/// Why there is no connection.
#[derive(Debug)]
pub enum ConnectError {
    Secrets(secrets_runtime::Error),
    Postgres(tokio_postgres::Error),
}

impl ConnectError {
    /// Whether the database has refused the user or the password.
    pub fn is_wrong_password(&self) -> bool {
        match self {
            Self::Secrets(_) => false,
            Self::Postgres(error) => error.code().is_some_and(|code| {
                *code == SqlState::INVALID_PASSWORD
                    || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION
            }),
        }
    }
}

impl From<secrets_runtime::Error> for ConnectError {
    fn from(error: secrets_runtime::Error) -> Self {
        Self::Secrets(error)
    }
}

impl From<tokio_postgres::Error> for ConnectError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secrets(error) => error.fmt(f),
            Self::Postgres(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ConnectError {}
