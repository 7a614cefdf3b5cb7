//! The program of the guide (docs/guide.md): `cargo run --example guide`, and `cargo test --example guide`.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::sync::Mutex;

use secrets_examples::Playground;
use secrets_runtime::{Error, Payload, SecretValue, current_context, get_secret_as, secrets};

#[derive(Clone, serde::Deserialize)]
struct Db {
    host: String,
    port: u16,
    user: String,
    password: SecretValue,
}

#[secrets]
async fn count_orders(day: u32, #[secret("orders-db")] db: Db) -> Result<u64, OrdersError> {
    let connection = Connection::open(&db).await?;
    Ok(connection.count(day))
}

#[secrets(sources = ["orders-db"])]
fn backup() -> Result<(), OrdersError> {
    let mut dump = std::process::Command::new("true");
    current_context().secrets.apply_to(&mut dump)?;
    dump.status().map_err(|_| OrdersError::Failed)?;
    Ok(())
}

#[secrets(sources = ["orders-db"])]
async fn serve() -> Result<u64, OrdersError> {
    let worker = current_context().scope(async {
        let db: Db = current_context().secrets.get_as("orders-db")?;
        Ok::<u64, Error>(u64::from(db.port))
    });
    Ok(tokio::spawn(worker).await.map_err(|_| OrdersError::Failed)??)
}

fn is_wrong_password(error: &OrdersError) -> bool {
    matches!(error, OrdersError::WrongPassword)
}

#[secrets(refresh_on = is_wrong_password)]
async fn store_order(order: u64, #[secret("orders-db")] db: Db) -> Result<u64, OrdersError> {
    let connection = Connection::open(&db).await?;
    Ok(connection.insert(order))
}

/// Opens connections for as long as the program runs.
#[derive(Default)]
struct Pool {
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    async fn get(&self) -> Result<Connection, OrdersError> {
        if let Some(connection) = self.idle.lock().ok().and_then(|mut idle| idle.pop()) {
            return Ok(connection);
        }
        // The cache answers, or the backend if the value has expired.
        let db: Db = get_secret_as("orders-db").await?;
        Connection::open(&db).await
    }

    fn put_back(&self, connection: Connection) {
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(connection);
        }
    }
}

async fn handle(day: u32) -> (u16, String) {
    match count_orders(day).await {
        Ok(count) => (200, count.to_string()),
        Err(error) => {
            // The text is for the log of the service. It has no value in it, but the names of secrets.
            println!("count_orders has failed: {error}");
            let status = match &error {
                OrdersError::Secrets(error) if error.is_transient() => 503,
                _ => 500,
            };
            (status, "the orders cannot be counted".to_owned())
        }
    }
}

#[derive(Debug)]
enum OrdersError {
    Secrets(Error),
    WrongPassword,
    Failed,
}

impl From<Error> for OrdersError {
    fn from(error: Error) -> Self {
        Self::Secrets(error)
    }
}

impl std::fmt::Display for OrdersError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Secrets(error) => error.fmt(f),
            Self::WrongPassword => f.write_str("the database refuses the password"),
            Self::Failed => f.write_str("the job has failed"),
        }
    }
}

impl std::error::Error for OrdersError {}

/// Stands for a connection of a database driver.
struct Connection {
    orders: u64,
}

impl Connection {
    async fn open(db: &Db) -> Result<Self, OrdersError> {
        if db.password.is_empty() {
            return Err(OrdersError::WrongPassword);
        }
        Ok(Self { orders: (db.host.len() + db.user.len()) as u64 })
    }

    fn count(&self, day: u32) -> u64 {
        self.orders + u64::from(day)
    }

    fn insert(&self, order: u64) -> u64 {
        self.orders + order
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A store in a temporary folder, so that the example leaves nothing behind.
    let store = Playground::new()?;
    let db = r#"{"host": "localhost", "port": 5432, "user": "app", "password": "correct horse"}"#;
    store.put("orders-db", Payload::Json(SecretValue::from(db))).await?;
    store.install()?;

    println!("{} orders", count_orders(1).await?);
    backup()?;
    println!("a worker uses port {}", serve().await?);
    println!("order {} is stored", store_order(7).await?);
    let pool = Pool::default();
    pool.put_back(pool.get().await?);
    println!("a client gets {:?}", handle(1).await);
    Ok(())
}

#[cfg(test)]
mod tests {
    use secrets_runtime::{ErrorKind, testing};

    use super::*;

    const DB: [(&str, &str, &str); 4] = [
        ("orders-db", "host", "localhost"),
        ("orders-db", "port", "5432"),
        ("orders-db", "user", "app"),
        ("orders-db", "password", "x"),
    ];

    #[tokio::test]
    async fn orders_are_counted() {
        let count = testing::with_secrets_async(DB, count_orders(1)).await;
        assert_eq!(count.ok(), Some(13));
    }

    #[tokio::test]
    async fn the_worker_has_the_secrets_of_the_test() {
        let port = testing::with_secrets_async(DB, serve()).await;
        assert_eq!(port.ok(), Some(5432));
    }

    #[tokio::test]
    async fn a_task_that_the_test_spawns_takes_the_secrets_along() {
        let port = testing::with_secrets_async(DB, async {
            let service = current_context().scope(serve());
            tokio::spawn(service).await.map_err(|_| OrdersError::Failed)?
        });
        assert_eq!(port.await.ok(), Some(5432));
    }

    #[tokio::test]
    async fn a_client_sees_no_name_of_a_secret() {
        let (status, text) = testing::with_secrets_async(DB.into_iter().take(3), handle(1)).await;
        assert_eq!((status, text.as_str()), (500, "the orders cannot be counted"));
    }

    #[tokio::test]
    async fn a_missing_field_has_a_kind() {
        let count = testing::with_secrets_async(DB.into_iter().take(3), count_orders(1)).await;
        let Err(OrdersError::Secrets(error)) = count else { panic!("the password is missing") };
        assert_eq!(error.kind(), ErrorKind::KeyNotFound);
    }

    #[test]
    fn the_child_has_the_variables() {
        assert!(testing::with_secrets(DB, backup).is_ok());
    }
}
