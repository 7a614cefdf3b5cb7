//! Empty parentheses, other delimiters, commas at the end, `cfg_attr`, raw and escaped texts.
#![deny(warnings)]
#![allow(dead_code)]
use secrets_runtime::{Error, secrets};

#[secrets()]
fn empty() -> Result<(), Error> {
    Ok(())
}

#[secrets[sources = ["a"]]]
fn brackets() -> Result<(), Error> {
    Ok(())
}

#[secrets { sources = ["a",], role = "", }]
fn braces() -> Result<(), Error> {
    Ok(())
}

#[cfg_attr(all(), secrets(sources = ["a"]))]
fn conditional() -> Result<(), Error> {
    Ok(())
}

#[cfg_attr(any(), secrets(sources = ["not there"]))]
fn not_a_step() {}

#[secrets(sources = [r#"raw"#, "esc\x61ped", "\u{75}nicode", { "id" = "mixed", type: "local" }])]
fn texts() -> Result<(), Error> {
    Ok(())
}

#[secrets(sources = [{ r#type = "local", id = "a", }])]
fn raw_name() -> Result<(), Error> {
    Ok(())
}

fn main() {}
