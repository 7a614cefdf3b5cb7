//! What a body may hold: items, macros, labels, closures, early returns, temporaries at its end.
#![deny(warnings)]
#![allow(dead_code)]
use std::{cell::RefCell, sync::Mutex};

use secrets_runtime::{Error, secrets};

#[secrets]
fn items() -> Result<usize, Error> {
    const SIZE: usize = 1;
    static NAME: &str = "name";
    use std::collections::BTreeMap as Map;
    struct Local(usize);
    macro_rules! one {
        () => {
            SIZE
        };
    }
    fn helper() -> Local {
        Local(one!())
    }
    let map: Map<u8, u8> = Map::new();
    Ok(helper().0 + NAME.len() + map.len())
}

#[secrets]
fn early_returns(list: &[u8]) -> Result<u8, Error> {
    let found = 'outer: loop {
        for item in list {
            if *item == 1 {
                break 'outer *item;
            }
            if *item == 2 {
                return Ok(2);
            }
        }
        break 0;
    };
    let closure = || -> Result<u8, Error> { return Ok(found) };
    closure()
}

#[secrets]
fn one_line() -> Result<(), Error> { Ok(()) }

#[secrets]
fn temporaries(lock: &Mutex<String>, cell: RefCell<String>) -> Result<usize, Error> {
    match lock.lock().unwrap().len() {
        0 => return Ok(cell.borrow().len()),
        length => Ok(length),
    }
}

#[secrets]
async fn across_await(lock: tokio::sync::Mutex<String>) -> Result<String, Error> {
    let (first, second) = tokio::join!(async { 1 }, async { 2 });
    if first > second {
        return Ok(String::new());
    }
    let nested = async move { Ok::<_, Error>(first + second) };
    let _: u8 = nested.await?;
    Ok(lock.lock().await.clone())
}

#[secrets]
async fn closures(mut count: u8) -> anyhow::Result<u8> {
    let mut add = |more: u8| count += more;
    add(1);
    let parse = async |text: &str| text.parse::<u8>();
    Ok(count + parse("1").await?)
}

#[secrets]
fn unused_parameters(_: u8, _named: u8, #[allow(unused_variables)] other: u8) -> Result<(), Error> {
    Ok(())
}

fn main() {}
