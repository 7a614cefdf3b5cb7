//! A backend that the program registers is found by `#[secrets] fn main`, before which no code has run. The program is a
//! test if it ends well.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::sync::Arc;

use secrets_runtime::{
    Backend, Error, ErrorKind, Fetched, Resolver, SecretValue, backend::from_fn, current_context,
    register_backend, secrets,
};

fn vault() -> impl Backend {
    from_fn("my-vault", |request| async move {
        match request.id() {
            "db" => Ok(Fetched::json(r#"{"user": "app", "password": "SeNtInEl"}"#)),
            _ => Err(Error::new(ErrorKind::NotFound, "the vault has no such secret")),
        }
    })
}

mod environment {
    use super::*;

    /// Takes the place of the built-in one.
    pub fn fixed() -> Arc<dyn Backend> {
        Arc::new(from_fn("env", |_| async { Ok(Fetched::text("fixed")) }))
    }
}

fn fallible() -> Result<impl Backend, Error> {
    Ok(from_fn("fallible", |_| async { Ok(Fetched::text("ok")) }))
}

register_backend!(vault);
register_backend!(environment::fixed);
register_backend!(crate::fallible);

#[secrets(sources = [
    { id = "db", type = "my-vault" },
    "env.NO_SUCH_VARIABLE",
    { id = "x", type = "fallible" },
])]
fn main(#[secret("db", key = "password")] password: SecretValue) -> Result<(), Error> {
    assert_eq!(password.expose_str()?, "SeNtInEl");
    let secrets = current_context().secrets;
    assert_eq!(secrets.get("db", "user")?.expose_str()?, "app");
    assert_eq!(secrets.get("NO_SUCH_VARIABLE", "NO_SUCH_VARIABLE")?.expose_str()?, "fixed");

    // A builder has them if it says so, and its own ones come first.
    let plain = Resolver::builder().build()?;
    assert_eq!(plain.backend("my-vault").map(drop).unwrap_err().kind(), ErrorKind::InvalidConfig);
    let own: Arc<dyn Backend> = Arc::new(from_fn("my-vault", |_| async { Ok(Fetched::text("x")) }));
    let builder = Resolver::builder().backend_arc(own.clone()).registered_backends();
    let resolver = builder.build()?;
    assert!(Arc::ptr_eq(&resolver.backend("my-vault")?, &own));
    assert!(resolver.backend("fallible").is_ok());
    Ok(())
}
