//! Typed parameters vanish from the signature that callers see.
#![deny(warnings)]
#![allow(dead_code)]
use std::sync::Mutex;

use secrets_runtime::{Error, SecretValue, secrets};

#[derive(serde::Deserialize)]
struct Db {
    user: SecretValue,
    port: u16,
}

const API: &str = "api";
const TOKEN: &str = "token";

#[secrets]
async fn load(
    rows: usize,
    #[secret("prod-db")] db: Db,
    #[secret("api", key = "token")] token: SecretValue,
) -> anyhow::Result<usize> {
    let _ = (db.user.expose_bytes(), token.expose_bytes());
    Ok(rows + usize::from(db.port))
}

#[secrets(sources = [{ id = "prod/db", group = "db" }])]
fn sync(#[secret("db")] mut db: Db, #[secret(API, key = TOKEN)] _token: Option<String>, rows: usize) -> Result<usize, Error> {
    db.port += 1;
    Ok(rows + usize::from(db.port))
}

#[secrets(sources = ["local.prod"])]
fn pattern(#[secret("local.prod")] Db { port, .. }: Db, #[secret("prod")] again: Db) -> Result<u16, Error> {
    Ok(port + again.port)
}

#[secrets]
fn held_by_the_last_expression(#[secret("lock")] lock: Mutex<String>) -> Result<String, Error> {
    Ok(lock.lock().unwrap().clone())
}

#[secrets]
async fn lint(#[secret("a")] #[allow(unused_variables)] unused: Db) -> Result<(), Error> {
    Ok(())
}

struct Job;

impl Job {
    #[secrets]
    async fn method<T>(&self, #[secret("a")] value: SecretValue, other: T) -> Result<(SecretValue, T), Error> {
        Ok((value, other))
    }
}

#[secrets]
fn without_arguments(#[secret("db")] _db: Option<Db>) -> Result<(), Error> {
    Ok(())
}

fn _calls() {
    let _ = (load(10), sync(1), pattern(), held_by_the_last_expression(), lint(), without_arguments(), Job.method(1));
}

fn main() {}
