//! Methods whose futures `async_trait` boxes, and functions that do it by hand.
#![deny(warnings)]
#![allow(dead_code)]
use std::{future::Future, pin::Pin};

use async_trait::async_trait;
use secrets_runtime::{BoxFuture, Error, SecretValue, secrets, task};

#[async_trait]
trait Load {
    async fn load(&self, name: &str) -> Result<String, Error>;
    async fn typed(&mut self, rows: usize) -> anyhow::Result<usize>;
    async fn associated<T: Send + Sync>(value: T) -> Result<T, Error>;
    #[secrets]
    async fn by_default(&self) -> Result<(), Error> {
        Ok(())
    }
}

struct Job;

#[async_trait]
impl Load for Job {
    #[secrets(sources = ["a"])]
    async fn load(&self, name: &str) -> Result<String, Error> {
        let _: &Job = self;
        tokio::task::yield_now().await;
        Ok(name.to_owned())
    }

    #[secrets]
    async fn typed(&mut self, rows: usize, #[secret("a")] value: SecretValue) -> anyhow::Result<usize> {
        drop(value);
        Ok(rows)
    }

    #[task(secret_requests = [Secret(key = "a")])]
    async fn associated<T: Send + Sync>(value: T) -> Result<T, Error> {
        Ok(value)
    }
}

#[secrets(sources = ["a"])]
fn by_hand<'a>(text: &'a str) -> Pin<Box<dyn Future<Output = Result<&'a str, Error>> + Send + 'a>> {
    let trimmed = text.trim();
    Box::pin(async move { Ok(trimmed) })
}

#[secrets(sources = ["a"])]
fn box_future(number: u8) -> BoxFuture<'static, Result<u8, Error>> {
    Box::pin(async move {
        if number == 0 {
            return Ok(1);
        }
        Ok(number)
    })
}

fn main() {}
