//! sqlx: the pool opens its own connections, so it is told the present password before each of them may be needed.

use std::{fmt, sync::Arc};

use secrets_pools::{
    credentials::{ATTEMPTS, DB, Db},
    load::{CONNECTIONS, LIFETIME, under_load},
    postgres,
};
use sqlx::{
    PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::sync::Mutex;

/// A pool that connects with the present password.
struct RotatingPool {
    pool: PgPool,
    /// The credentials that the pool has.
    known: Mutex<Option<Arc<Db>>>,
}

impl RotatingPool {
    fn new() -> Self {
        let options = PgPoolOptions::new().max_connections(CONNECTIONS).max_lifetime(LIFETIME);
        let pool = options.connect_lazy_with(PgConnectOptions::new());
        Self { pool, known: Mutex::default() }
    }

    async fn acquire(&self) -> Result<PoolConnection<Postgres>, AcquireError> {
        for _ in 1..ATTEMPTS {
            let acquired = DB.with_fresh(|_| self.acquire_once(), AcquireError::is_wrong_password);
            match acquired.await {
                Err(error) if error.is_wrong_password() => {}
                ended => return ended,
            }
        }
        DB.with_fresh(|_| self.acquire_once(), AcquireError::is_wrong_password).await
    }

    async fn acquire_once(&self) -> Result<PoolConnection<Postgres>, AcquireError> {
        // Under the lock, so that older credentials never replace newer ones.
        let mut known = self.known.lock().await;
        let db = DB.current().await?;
        if !known.as_ref().is_some_and(|known| Arc::ptr_eq(known, &db)) {
            self.pool.set_connect_options(options(&db)?);
            *known = Some(db);
        }
        drop(known);
        Ok(self.pool.acquire().await?)
    }
}

fn options(db: &Db) -> Result<PgConnectOptions, secrets_runtime::Error> {
    let options = PgConnectOptions::new().host(&db.host).port(db.port).database(&db.name);
    Ok(options.username(&db.user).password(db.password.expose_str()?))
}

/// Why there is no connection.
#[derive(Debug)]
enum AcquireError {
    Secrets(secrets_runtime::Error),
    Sqlx(sqlx::Error),
}

impl AcquireError {
    fn is_wrong_password(&self) -> bool {
        match self {
            Self::Secrets(_) => false,
            // `invalid_password` and `invalid_authorization_specification`.
            Self::Sqlx(error) => error
                .as_database_error()
                .and_then(|error| error.code())
                .is_some_and(|code| code == "28P01" || code == "28000"),
        }
    }
}

impl From<secrets_runtime::Error> for AcquireError {
    fn from(error: secrets_runtime::Error) -> Self {
        Self::Secrets(error)
    }
}

impl From<sqlx::Error> for AcquireError {
    fn from(error: sqlx::Error) -> Self {
        Self::Sqlx(error)
    }
}

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secrets(error) => error.fmt(f),
            Self::Sqlx(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AcquireError {}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let pool = Arc::new(RotatingPool::new());
    let query = move || {
        let pool = pool.clone();
        async move {
            let mut connection = pool.acquire().await?;
            sqlx::query("SELECT 1").execute(&mut *connection).await?;
            Ok(())
        }
    };
    under_load::<postgres::Postgres, _>("sqlx", query).await
}
