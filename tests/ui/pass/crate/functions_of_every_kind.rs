//! Free functions and methods, synchronous and asynchronous, with generics, lifetimes and `impl Trait`.
#![deny(warnings)]
#![allow(dead_code)]
use std::{fmt::Display, rc::Rc, sync::Arc};

use secrets_runtime::{Error, secrets};

#[secrets]
fn bare() -> Result<(), Error> {
    Ok(())
}

#[secrets(sources = ["db"])]
async fn borrowed<'a, T>(text: &'a str, _other: &T) -> Result<&'a str, Error>
where
    T: Display + ?Sized,
{
    Ok(text)
}

#[secrets(sources = ["db"])]
fn elided(text: &str) -> Result<&str, Error> {
    Ok(text.trim())
}

#[secrets(sources = ["db"])]
fn impl_argument(text: impl Display) -> Result<String, Error> {
    Ok(text.to_string())
}

#[secrets(sources = ["db"])]
fn impl_result() -> Result<impl Iterator<Item = u8>, Error> {
    if false {
        return Ok(vec![].into_iter());
    }
    Ok(vec![1].into_iter())
}

#[secrets(sources = ["db"])]
async fn impl_result_async() -> Result<Option<impl Display + Send>, Error> {
    Ok(Some(1))
}

#[secrets]
fn const_generic<const N: usize>(array: [u8; N]) -> Result<[u8; N], Error> {
    Ok(array)
}

#[secrets]
unsafe fn unsafe_function(pointer: *const u8) -> Result<u8, Error> {
    Ok(unsafe { *pointer })
}

#[secrets]
async unsafe fn unsafe_async() -> Result<u8, Error> {
    Ok(1)
}

#[secrets]
fn mutable(mut number: u8, (a, b): (u8, u8)) -> Result<u8, Error> {
    number += a + b;
    Ok(number)
}

#[secrets]
async fn mutable_reference(list: &mut Vec<u8>) -> Result<(), Error> {
    list.push(1);
    Ok(())
}

struct Job {
    name: String,
}

impl Job {
    #[secrets(sources = ["db"])]
    fn by_reference(&self) -> Result<&str, Error> {
        Ok(&self.name)
    }

    #[secrets(sources = ["db"])]
    fn by_mutable_reference(&mut self) -> Result<&mut String, Error> {
        Ok(&mut self.name)
    }

    #[secrets(sources = ["db"])]
    fn by_value(self) -> Result<Self, Error> {
        Ok(self)
    }

    #[secrets(sources = ["db"])]
    fn by_mut_value(mut self) -> Result<Self, Error> {
        self.name.clear();
        Ok(self)
    }

    #[secrets(sources = ["db"])]
    fn by_rc(self: Rc<Self>) -> Result<Rc<Self>, Error> {
        Ok(self)
    }

    #[secrets(sources = ["db"])]
    async fn by_arc(self: Arc<Self>) -> Result<usize, Error> {
        Ok(self.name.len())
    }

    #[secrets(sources = ["db"])]
    async fn async_by_reference(&self, other: &str) -> Result<usize, Error> {
        Ok(self.name.len() + other.len())
    }

    #[secrets(sources = ["db"])]
    async fn async_by_mutable_reference(&mut self) -> Result<(), Error> {
        self.name.clear();
        Ok(())
    }

    #[secrets]
    fn associated() -> Result<Self, Error> {
        Ok(Self { name: String::new() })
    }
}

trait Work {
    fn work(&self) -> Result<(), Error>;

    #[secrets]
    fn by_default(&self) -> Result<(), Error> {
        self.work()
    }
}

impl Work for Job {
    #[secrets(sources = ["db"])]
    fn work(&self) -> Result<(), Error> {
        Ok(())
    }
}

fn main() {}
