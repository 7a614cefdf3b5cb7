//! A database whose password changes every second while many tasks query it.

use std::{
    env,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use secrets_runtime::{Backend, Payload, Resolver, backends::Local};
use tokio::{task::JoinSet, time};

/// How old a connection becomes, so that there are many.
pub const LIFETIME: Duration = Duration::from_millis(100);

/// How many connections a pool has.
pub const CONNECTIONS: u32 = 8;

const TASKS: usize = 16;
const ROTATIONS: usize = 5;
const BETWEEN: Duration = Duration::from_secs(1);

/// A database whose users get new passwords.
pub trait Database: Sized {
    /// The variable with the URL of a user who may create others.
    const URL_VARIABLE: &'static str;

    /// Connects as this user.
    fn connect(url: &str) -> impl Future<Output = Result<Self>>;

    /// Returns where it is.
    fn address(&self) -> Result<Address>;

    /// Creates a user, who has no password yet.
    fn create_user(&self, user: &str) -> impl Future<Output = Result<()>>;

    /// Changes the password of a user.
    fn set_password(&self, user: &str, password: &str) -> impl Future<Output = Result<()>>;

    /// Returns whether a user can connect with this password.
    fn accepts(&self, user: &str, password: &str) -> impl Future<Output = bool>;

    /// Returns how many connections a user has.
    fn count_connections(&self, user: &str) -> impl Future<Output = Result<u64>>;
}

/// Where a database is.
pub struct Address {
    pub host: String,
    pub port: u16,
    pub name: String,
}

/// Runs a query in many tasks while the password changes every second. Fails if one query fails, or if connections
/// with an old password stay open.
pub async fn under_load<D: Database, F>(
    pool: &str,
    query: impl Fn() -> F + Clone + Send + 'static,
) -> Result<()>
where
    F: Future<Output = Result<()>> + Send,
{
    let Ok(url) = env::var(D::URL_VARIABLE) else {
        println!("{pool}: skipped, since {} names no database", D::URL_VARIABLE);
        return Ok(());
    };
    let user = RotatingUser::create(D::connect(&url).await?).await?;
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
        user.rotate(number).await?;
    }
    time::sleep(BETWEEN).await;
    is_over.store(true, Ordering::Relaxed);
    while let Some(ended) = tasks.join_next().await {
        ended?.with_context(|| format!("{pool}: a query has failed"))?;
    }
    let count = count.load(Ordering::Relaxed);
    ensure!(count > TASKS * ROTATIONS, "{pool}: only {count} queries");
    ensure!(user.can_connect(ROTATIONS).await, "the last password is not valid");
    ensure!(!user.can_connect(0).await, "the first password is still valid");
    user.has_few_connections().await.with_context(|| pool.to_owned())?;
    println!("{pool}: {count} queries during {ROTATIONS} rotations, 0 failed");
    Ok(())
}

/// A user of a database, and the store that has the password.
struct RotatingUser<D> {
    database: D,
    name: String,
    store: Local,
    _folder: tempfile::TempDir,
}

impl<D: Database> RotatingUser<D> {
    async fn create(database: D) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let store = || Local::new(folder.path().join("store"), folder.path().join("key.jwk"));
        Resolver::builder().backend(store()).default_backend("local").build()?.install()?;
        let name = format!("pool_{}", std::process::id());
        let user = Self { database, name, store: store(), _folder: folder };
        user.database.create_user(&user.name).await?;
        user.rotate(0).await?;
        Ok(user)
    }

    /// Changes the password in the database, and a moment later in the store, as a rotation does.
    async fn rotate(&self, number: usize) -> Result<()> {
        let (user, password) = (&self.name, password(number));
        self.database.set_password(user, &password).await?;
        time::sleep(Duration::from_millis(20)).await;
        let Address { host, port, name } = self.database.address()?;
        let secret = format!(
            r#"{{"user":"{user}","password":"{password}","host":"{host}","port":{port},"name":"{name}"}}"#
        );
        let store = self.store.as_store().context("it is a store")?;
        store.put("prod-db", Payload::Json(secret.into())).await?;
        Ok(())
    }

    /// Returns whether the database accepts the password with this number.
    async fn can_connect(&self, number: usize) -> bool {
        self.database.accepts(&self.name, &password(number)).await
    }

    /// Waits until there are only the connections of one pool: a server needs a moment to close the others.
    async fn has_few_connections(&self) -> Result<()> {
        let mut count = 0;
        for _ in 0..100 {
            count = self.database.count_connections(&self.name).await?;
            if count <= CONNECTIONS.into() {
                return Ok(());
            }
            time::sleep(Duration::from_millis(50)).await;
        }
        bail!("{count} connections are open, and a pool has {CONNECTIONS} at most");
    }
}

fn password(number: usize) -> String {
    format!("SeNtInEl-{number}")
}
