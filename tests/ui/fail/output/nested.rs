//! A secret inside enums, vectors, options and structs of others cannot be stored, however deep it is.
use std::collections::BTreeMap;

use secrets_runtime::{Error, SecretValue, secrets, task};

#[derive(serde::Serialize)]
enum Outcome<T> {
    Done { value: T },
    Skipped,
}

#[derive(serde::Serialize)]
struct Page<T> {
    items: Vec<T>,
}

#[secrets(sources = ["a"], output = "serialize")]
fn in_an_enum() -> Result<Outcome<SecretValue>, Error> {
    unreachable!()
}

#[secrets(sources = ["a"], output = "serialize")]
fn in_a_vector() -> anyhow::Result<Vec<SecretValue>> {
    unreachable!()
}

#[secrets(sources = ["a"], output = "serialize")]
fn in_an_option() -> Result<Option<SecretValue>, Error> {
    unreachable!()
}

#[secrets(sources = ["a"], output = "serialize")]
async fn in_a_map_of_structs() -> Result<BTreeMap<String, Page<(u8, Option<SecretValue>)>>, Error> {
    unreachable!()
}

#[task(secret_requests = [Secret(group = "a", key = "b")], output = "serialize")]
async fn in_a_box() -> Result<Box<Outcome<[SecretValue; 2]>>, Error> {
    unreachable!()
}

fn main() {}
