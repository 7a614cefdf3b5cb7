//! A step with `refresh_on` takes `&self`.
use std::{pin::Pin, sync::Arc};

use secrets_runtime::{Error, secrets};

fn is_auth_error(_: &Error) -> bool {
    true
}

struct Service;

impl Service {
    #[secrets(refresh_on = is_auth_error)]
    fn by_value(self) -> Result<(), Error> {
        Ok(())
    }

    #[secrets(refresh_on = is_auth_error)]
    fn by_mutable_value(mut self) -> Result<(), Error> {
        self = Service;
        Ok(())
    }

    #[secrets(refresh_on = is_auth_error)]
    async fn by_mutable_reference(&mut self, text: &str) -> Result<(), Error> {
        drop((self, text));
        Ok(())
    }

    #[secrets(refresh_on = is_auth_error)]
    fn in_a_box(self: Box<Self>) -> Result<(), Error> {
        Ok(())
    }

    #[secrets(refresh_on = is_auth_error)]
    async fn in_an_arc(self: Arc<Self>) -> Result<(), Error> {
        Ok(())
    }

    #[secrets(refresh_on = is_auth_error)]
    fn pinned(self: Pin<&mut Self>) -> Result<(), Error> {
        Ok(())
    }
}

#[async_trait::async_trait]
trait Load {
    async fn load(&mut self) -> Result<(), Error>;
}

#[async_trait::async_trait]
impl Load for Service {
    #[secrets(refresh_on = is_auth_error)]
    async fn load(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

fn main() {}
