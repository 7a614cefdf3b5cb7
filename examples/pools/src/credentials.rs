//! The credentials of the database, which change.

use std::sync::LazyLock;

use secrets_runtime::{SecretValue, pool::Rotating};
use serde::Deserialize;

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
