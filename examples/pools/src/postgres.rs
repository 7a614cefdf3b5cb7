//! PostgreSQL: connections with the present credentials, and users who get new passwords.

use std::{fmt, sync::Arc};

use anyhow::{Result, bail};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls, config::Host, error::SqlState};

use crate::{
    credentials::{ATTEMPTS, DB, Db},
    load::{Address, Database},
};

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

/// PostgreSQL, by the connection of an administrator.
pub struct Postgres {
    admin: Client,
    config: Config,
}

impl Database for Postgres {
    const URL_VARIABLE: &'static str = "SECRETS_TEST_POSTGRES_URL";

    async fn connect(url: &str) -> Result<Self> {
        let config: Config = url.parse()?;
        let (admin, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(Self { admin, config })
    }

    fn address(&self) -> Result<Address> {
        let host = match &self.config.get_hosts()[0] {
            Host::Tcp(host) => host.clone(),
            other => bail!("it is not a host: {other:?}"),
        };
        let name = self.config.get_dbname().unwrap_or("postgres").to_owned();
        Ok(Address { host, port: self.config.get_ports()[0], name })
    }

    async fn create_user(&self, user: &str) -> Result<()> {
        Ok(self.admin.batch_execute(&format!("CREATE ROLE {user} LOGIN")).await?)
    }

    async fn set_password(&self, user: &str, password: &str) -> Result<()> {
        let change = format!("ALTER ROLE {user} PASSWORD '{password}'");
        Ok(self.admin.batch_execute(&change).await?)
    }

    async fn accepts(&self, user: &str, password: &str) -> bool {
        let mut config = self.config.clone();
        config.user(user).password(password).connect(NoTls).await.is_ok()
    }

    async fn count_connections(&self, user: &str) -> Result<u64> {
        let count = "SELECT count(*) FROM pg_stat_activity WHERE usename = $1";
        let count: i64 = self.admin.query_one(count, &[&user]).await?.get(0);
        Ok(count.try_into()?)
    }
}
