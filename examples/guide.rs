//! The running example of `docs/guide.md`: a job that imports the orders of a day, and a service that shows them.
//!
//! `cargo run --example guide` with `import DAY` or `show DAY`, and `cargo test --example guide`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use secrets_runtime::{Error, ErrorKind, SecretValue, current_context, secrets};

#[derive(Clone, serde::Deserialize)]
struct Db {
    user: String,
    password: SecretValue,
}

/// The job's error: the secrets could not be had, or the database refused the login.
#[derive(Debug)]
enum ImportError {
    Secrets(Error),
    LoginRefused,
}

impl From<Error> for ImportError {
    fn from(error: Error) -> Self {
        Self::Secrets(error)
    }
}

impl std::fmt::Display for ImportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Secrets(error) => error.fmt(f),
            Self::LoginRefused => f.write_str("the database refused the login"),
        }
    }
}

impl std::error::Error for ImportError {}

fn is_login_refused(error: &ImportError) -> bool {
    matches!(error, ImportError::LoginRefused)
}

#[secrets(refresh_on = is_login_refused)]
async fn import(day: &str, #[secret("prod-db")] db: Db) -> Result<usize, ImportError> {
    let connection = Connection::open(&db)?;
    Ok(connection.count_orders(day))
}

#[secrets(sources = ["prod-db"])]
async fn import_all(days: &[&'static str]) -> anyhow::Result<usize> {
    let mut tasks = tokio::task::JoinSet::new();
    for &day in days {
        let work = async move {
            let db: Db = current_context().secrets.get_as("prod-db")?;
            Ok::<_, anyhow::Error>(Connection::open(&db)?.count_orders(day))
        };
        tasks.spawn(current_context().scope(work));
    }
    let mut orders = 0;
    while let Some(done) = tasks.join_next().await {
        orders += done??;
    }
    Ok(orders)
}

/// A response of the service: a status code and a body.
struct Response(u16, String);

async fn show(day: &str) -> Response {
    match import(day).await {
        Ok(orders) => Response(200, format!("{orders} orders")),
        Err(error) => {
            // The log says everything. No error of this library contains a value.
            eprintln!("show: {error}");
            Response(status_of(&error), "the orders are not available".to_owned())
        }
    }
}

fn status_of(error: &ImportError) -> u16 {
    let ImportError::Secrets(error) = error else { return 502 };
    match error.kind() {
        ErrorKind::Throttled | ErrorKind::Timeout | ErrorKind::Unavailable => 503,
        _ => 500,
    }
}

/// Stands for a database client.
struct Connection;

impl Connection {
    /// Logs in. An empty password is refused.
    fn open(db: &Db) -> Result<Self, ImportError> {
        match db.user.is_empty() || db.password.expose_bytes().is_empty() {
            true => Err(ImportError::LoginRefused),
            false => Ok(Self),
        }
    }

    fn count_orders(&self, day: &str) -> usize {
        day.len()
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["import", day] => println!("imported {} orders", import(day).await?),
        ["import-all"] => {
            println!("imported {} orders", import_all(&["2026-03-01", "2026-03-02"]).await?);
        }
        ["show", day] => {
            let Response(status, body) = show(day).await;
            println!("{status} {body}");
        }
        _ => anyhow::bail!("usage: guide import DAY | import-all | show DAY"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use secrets_runtime::testing::{forbid_backends, with_secrets_async};

    use super::*;

    const DB: [(&str, &str, &str); 2] = [("prod-db", "user", "app"), ("prod-db", "password", "x")];

    #[tokio::test]
    async fn imports_the_orders_of_a_day() {
        forbid_backends();
        let orders = with_secrets_async(DB, import("2026-03-01")).await;
        assert_eq!(orders.expect("the login is accepted"), 10);
    }

    #[tokio::test]
    async fn imports_several_days_in_spawned_tasks() {
        forbid_backends();
        let orders = with_secrets_async(DB, import_all(&["2026-03-01", "2026-03-02"])).await;
        assert_eq!(orders.expect("the login is accepted"), 20);
    }

    #[tokio::test]
    async fn a_refused_login_is_no_fault_of_the_client() {
        forbid_backends();
        let refused = [("prod-db", "user", "app"), ("prod-db", "password", "")];
        let Response(status, body) = with_secrets_async(refused, show("2026-03-01")).await;
        assert_eq!((status, body.as_str()), (502, "the orders are not available"));
    }
}
