//! What it takes to look through the result of a step, beside writing it to nowhere.
//!
//! It writes a line for each value: its name, our seconds, and those of serde_json, each the least of some rounds.

use std::{collections::BTreeMap, hint::black_box, io, time::Instant};

use secrets_runtime::{Error, secrets};
use serde::Serialize;

const ROUNDS: usize = 31;

#[derive(Serialize)]
struct Row {
    id: u64,
    name: String,
    email: String,
    amount: f64,
    is_paid: bool,
    tags: Vec<&'static str>,
    city: Option<String>,
}

#[secrets(sources = ["db", "api", "queue"], guard = "deny")]
fn step<T: Serialize>(value: &T) -> Result<&T, Error> {
    Ok(value)
}

fn main() -> Result<(), Error> {
    in_memory::resolver(32)?.install()?;
    let rows: Vec<_> = (0..20_000).map(row).collect();
    measure("rows", &rows)?;
    let maps: Vec<_> = (0..20_000).map(map).collect();
    measure("maps", &maps)?;
    let texts: Vec<_> = (0..4000).map(text).collect();
    measure("texts", &texts)?;
    let numbers: Vec<_> = (0..400_000_u64).map(|number| number * 7919).collect();
    measure("numbers", &numbers)?;
    Ok(())
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::new(secrets_runtime::ErrorKind::Other, error.to_string())
}

fn row(id: u64) -> Row {
    Row {
        id,
        name: format!("Customer {id} of the shop"),
        email: format!("customer-{id}@example.com"),
        amount: id as f64 * 1.25,
        is_paid: id % 3 == 0,
        tags: vec!["new", "newsletter", "returns"],
        city: (id % 2 == 0).then(|| format!("City {}", id % 97)),
    }
}

fn map(id: u64) -> BTreeMap<String, String> {
    let names = ["customer", "email", "city", "address", "comment"];
    names.iter().map(|name| ((*name).to_owned(), format!("{name} {id} of the shop"))).collect()
}

fn text(number: u64) -> String {
    let line = format!("2026-11-29T08:00:00Z INFO request{{id={number:016x}}}: finished status=200 latency_ms=7\n");
    line.repeat(12)
}

fn measure<T: Serialize>(name: &str, value: &T) -> Result<(), Error> {
    let mut taken = [Vec::new(), Vec::new()];
    for round in 0..=ROUNDS {
        let start = Instant::now();
        black_box(step(black_box(value))?);
        let ours = start.elapsed().as_secs_f64();
        let start = Instant::now();
        serde_json::to_writer(io::sink(), black_box(value)).map_err(unwritable)?;
        let beside = start.elapsed().as_secs_f64();
        // The first round makes the forms of the secrets.
        if round > 0 {
            taken[0].push(ours);
            taken[1].push(beside);
        }
    }
    // What else the machine does only adds to a time.
    let [ours, beside] = taken.map(|times: Vec<f64>| times.into_iter().fold(f64::MAX, f64::min));
    println!("{name} {ours} {beside}");
    Ok(())
}
