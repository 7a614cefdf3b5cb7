//! Methods of generic types, of traits with lifetimes, through trait objects.
#![deny(warnings)]
#![allow(dead_code)]
use std::{borrow::Cow, fmt::Debug, marker::PhantomData, pin::Pin};

use secrets_runtime::{Error, SecretValue, secrets};

struct Store<'s, K, const N: usize> {
    keys: [K; N],
    name: &'s str,
}

impl<'s, K: Clone + Debug, const N: usize> Store<'s, K, N> {
    #[secrets(sources = ["db"])]
    fn first<'a>(&'a self, _default: &'a K) -> Result<&'a K, Error>
    where
        K: PartialEq,
    {
        Ok(&self.keys[0])
    }

    #[secrets(sources = ["db"])]
    async fn name(&self) -> Result<Cow<'_, str>, Error> {
        Ok(Cow::Borrowed(self.name))
    }

    #[secrets]
    fn outlives(&self) -> Result<&'s str, Error> {
        Ok(self.name)
    }

    #[secrets]
    fn pinned(self: Pin<&mut Self>, #[secret("db")] _value: SecretValue) -> Result<PhantomData<K>, Error> {
        Ok(PhantomData)
    }

    #[secrets]
    fn generic_parameter<T: serde::de::DeserializeOwned>(#[secret("db")] value: T) -> Result<(T, [K; N]), Error> {
        let _ = value;
        Err(secrets_runtime::Error::new(secrets_runtime::ErrorKind::Other, "never run"))
    }
}

trait Work<'w> {
    fn work(&self, text: &'w str) -> Result<&'w str, Error>;
}

impl<'w> Work<'w> for dyn Debug {
    #[secrets(sources = ["db"])]
    fn work(&self, text: &'w str) -> Result<&'w str, Error> {
        println!("{self:?}");
        Ok(text)
    }
}

fn main() {}
