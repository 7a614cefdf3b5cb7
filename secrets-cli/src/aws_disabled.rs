//! Stands in for `aws` without the feature `aws`: no backend is AWS Secrets Manager.

use std::{convert::Infallible, marker::PhantomData};

use secrets_runtime::{Backend, Error};

/// A type without values.
#[derive(Clone, Copy)]
pub struct SecretsManager<'a>(Infallible, PhantomData<&'a dyn Backend>);

impl<'a> SecretsManager<'a> {
    pub fn from_backend(_: &'a dyn Backend) -> Option<Self> {
        None
    }

    pub fn set_tag(self, _: &str, _: &str, _: &str) -> Result<(), Error> {
        match self.0 {}
    }

    pub fn tags(self, _: &str) -> Result<Vec<(String, String)>, Error> {
        match self.0 {}
    }

    pub fn recovery_note(self, _: &str) -> String {
        match self.0 {}
    }

    pub fn rename_error(self, _: &str, _: &str) -> Error {
        match self.0 {}
    }
}

pub fn probe(_: &dyn Backend, _: &str) -> Option<(Option<String>, Option<Error>)> {
    None
}
