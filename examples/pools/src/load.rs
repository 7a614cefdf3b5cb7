//! A database whose password changes every second while many tasks query it.

use std::{
    env,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use secrets_runtime::{Backend, Payload, Resolver, backends::Local};
use tokio::{task::JoinSet, time};
use tokio_postgres::{Client, Config, NoTls};

/// How old a connection becomes, so that there are many.
pub const LIFETIME: Duration = Duration::from_millis(100);

/// How many connections a pool has.
pub const CONNECTIONS: u32 = 8;

const TASKS: usize = 16;
const ROTATIONS: usize = 5;
const BETWEEN: Duration = Duration::from_secs(1);

/// Runs a query in many tasks while the password changes every second. Fails if one query fails.
pub async fn under_load<F>(pool: &str, query: impl Fn() -> F + Clone + Send + 'static) -> Result<()>
where
    F: Future<Output = Result<()>> + Send,
{
    let Ok(url) = env::var("SECRETS_TEST_POSTGRES_URL") else {
        println!("{pool}: skipped, since SECRETS_TEST_POSTGRES_URL names no PostgreSQL");
        return Ok(());
    };
    let database = RotatingDatabase::start(&url).await?;
    let is_over = Arc::new(AtomicBool::new(false));
    let count = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let (query, is_over, count) = (query.clone(), is_over.clone(), count.clone());
        tasks.spawn(async move {
            while !is_over.load(Ordering::Relaxed) {
                query().await?;
                count.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
    }
    for number in 1..=ROTATIONS {
        time::sleep(BETWEEN).await;
        database.rotate(number).await?;
    }
    time::sleep(BETWEEN).await;
    is_over.store(true, Ordering::Relaxed);
    while let Some(ended) = tasks.join_next().await {
        ended?.with_context(|| format!("{pool}: a query has failed"))?;
    }
    let refused = database.config(0).connect(NoTls).await;
    ensure!(refused.is_err(), "the first password is still valid");
    let count = count.load(Ordering::Relaxed);
    ensure!(count > TASKS * ROTATIONS, "{pool}: only {count} queries");
    println!("{pool}: {count} queries during {ROTATIONS} rotations, 0 failed");
    Ok(())
}

/// A user of PostgreSQL, and the store that has its password.
struct RotatingDatabase {
    admin: Client,
    address: Config,
    user: String,
    store: Local,
    _folder: tempfile::TempDir,
}

impl RotatingDatabase {
    async fn start(url: &str) -> Result<Self> {
        let address: Config = url.parse()?;
        let (admin, connection) = address.connect(NoTls).await?;
        tokio::spawn(connection);
        let folder = tempfile::tempdir()?;
        let store = || Local::new(folder.path().join("store"), folder.path().join("key.jwk"));
        Resolver::builder().backend(store()).default_backend("local").build()?.install()?;
        let user = format!("pool_{}", std::process::id());
        let database = Self { admin, address, user, store: store(), _folder: folder };
        database.admin.batch_execute(&format!("CREATE ROLE {} LOGIN", database.user)).await?;
        database.rotate(0).await?;
        Ok(database)
    }

    /// Changes the password in the database, and a moment later in the store, as a rotation does.
    async fn rotate(&self, number: usize) -> Result<()> {
        let (user, password) = (&self.user, password(number));
        let change = format!("ALTER ROLE {user} PASSWORD '{password}'");
        self.admin.batch_execute(&change).await?;
        time::sleep(Duration::from_millis(20)).await;
        let address = self.config(number);
        let host = match &address.get_hosts()[0] {
            tokio_postgres::config::Host::Tcp(host) => host,
            other => anyhow::bail!("it is not a host: {other:?}"),
        };
        let (port, name) = (address.get_ports()[0], address.get_dbname().unwrap_or("postgres"));
        let secret = format!(
            r#"{{"user":"{user}","password":"{password}","host":"{host}","port":{port},"name":"{name}"}}"#
        );
        let store = self.store.as_store().context("it is a store")?;
        store.put("prod-db", Payload::Json(secret.into())).await?;
        Ok(())
    }

    fn config(&self, number: usize) -> Config {
        let mut config = self.address.clone();
        config.user(&self.user).password(password(number));
        config
    }
}

fn password(number: usize) -> String {
    format!("SeNtInEl-{number}")
}
