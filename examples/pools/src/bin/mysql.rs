//! mysql_async: a pool has fixed credentials, so a new pool takes the place of the old one when they change.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use mysql_async::{
    Conn, OptsBuilder, Pool, PoolConstraints, PoolOpts, ServerError, prelude::Queryable as _,
};
use secrets_pools::{
    credentials::{ATTEMPTS, DB, Db},
    load::{CONNECTIONS, under_load},
    mariadb::MariaDb,
};
use tokio::sync::Mutex;

/// As many connections as there may be, since a pool closes each that is returned above the lower bound.
const CONSTRAINTS: PoolConstraints =
    PoolConstraints::new(CONNECTIONS as usize, CONNECTIONS as usize).expect("8 is not above 8");

/// One connection is closed after so many queries, so that new ones are opened while the others of a pool stay open.
const QUERIES_BEFORE_CLOSE: usize = 100;

/// A pool that connects with the present password.
#[derive(Default)]
struct RotatingPool {
    /// The present pool, and the credentials that it has.
    present: Mutex<Option<(Arc<Db>, Pool)>>,
}

impl RotatingPool {
    async fn get_conn(&self) -> Result<Conn, GetConnError> {
        for _ in 1..ATTEMPTS {
            let conn = DB.with_fresh(|_| self.get_conn_once(), GetConnError::is_wrong_password);
            match conn.await {
                Err(error) if error.is_wrong_password() => {}
                ended => return ended,
            }
        }
        DB.with_fresh(|_| self.get_conn_once(), GetConnError::is_wrong_password).await
    }

    async fn get_conn_once(&self) -> Result<Conn, GetConnError> {
        let pool = self.pool().await?;
        Ok(pool.get_conn().await?)
    }

    async fn pool(&self) -> Result<Pool, secrets_runtime::Error> {
        // Under the lock, so that a pool with older credentials never replaces one with newer ones.
        let mut present = self.present.lock().await;
        let db = DB.current().await?;
        if let Some((known, pool)) = &*present
            && Arc::ptr_eq(known, &db)
        {
            return Ok(pool.clone());
        }
        let pool = Pool::new(opts(&db)?);
        // The old pool is dropped, not disconnected: tasks that wait for one of its connections still get one. Each
        // connection has a clone of its pool. When the last clone is dropped, the pool closes its connections.
        *present = Some((db, pool.clone()));
        Ok(pool)
    }

    /// Closes the connections, before the program ends.
    async fn disconnect(&self) -> anyhow::Result<()> {
        if let Some((_, pool)) = self.present.lock().await.take() {
            pool.disconnect().await?;
        }
        Ok(())
    }
}

fn opts(db: &Db) -> Result<OptsBuilder, secrets_runtime::Error> {
    let pool = PoolOpts::new().with_constraints(CONSTRAINTS);
    let opts = OptsBuilder::default().ip_or_hostname(&db.host).tcp_port(db.port).pool_opts(pool);
    let opts = opts.user(Some(&db.user)).pass(Some(db.password.expose_str()?));
    // Without this, each connection to this machine is opened again through the server's socket.
    Ok(opts.db_name(Some(&db.name)).prefer_socket(false))
}

/// Why there is no connection.
#[derive(Debug)]
enum GetConnError {
    Secrets(secrets_runtime::Error),
    Mysql(mysql_async::Error),
}

impl GetConnError {
    fn is_wrong_password(&self) -> bool {
        // `ER_ACCESS_DENIED_ERROR`.
        matches!(self, Self::Mysql(mysql_async::Error::Server(ServerError { code: 1045, .. })))
    }
}

impl From<secrets_runtime::Error> for GetConnError {
    fn from(error: secrets_runtime::Error) -> Self {
        Self::Secrets(error)
    }
}

impl From<mysql_async::Error> for GetConnError {
    fn from(error: mysql_async::Error) -> Self {
        Self::Mysql(error)
    }
}

impl fmt::Display for GetConnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secrets(error) => error.fmt(f),
            Self::Mysql(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for GetConnError {}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let rotating = Arc::new(RotatingPool::default());
    let pool = rotating.clone();
    let count = Arc::new(AtomicUsize::new(0));
    let query = move || {
        let (pool, number) = (pool.clone(), count.fetch_add(1, Ordering::Relaxed));
        async move {
            let mut conn = pool.get_conn().await?;
            conn.query_drop("SELECT 1").await?;
            if number.is_multiple_of(QUERIES_BEFORE_CLOSE) {
                conn.disconnect().await?;
            }
            Ok(())
        }
    };
    under_load::<MariaDb, _>("mysql_async", query).await?;
    rotating.disconnect().await
}
