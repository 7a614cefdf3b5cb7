//! A backend is registered in a crate that forbids `unsafe`, has no prelude and names this one in its own way.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unused_qualifications, unreachable_pub)]
#![no_implicit_prelude]

extern crate secrets_runtime as shop;

use ::std::{result::Result::{self, Ok}, sync::Arc};
use shop::{Backend, Error, Fetched, Resolver, backend::from_fn, register_backend};

fn plain() -> impl Backend {
    from_fn("plain", |_| async { Ok(Fetched::text("x")) })
}

mod inner {
    use super::*;

    pub(crate) fn shared() -> Result<Arc<dyn Backend>, Error> {
        Ok(Arc::new(from_fn("shared", |_| async { Ok(Fetched::text("x")) })))
    }

    register_backend!(shared);
}

register_backend!(plain,);

fn main() -> Result<(), Error> {
    let resolver = Resolver::builder().registered_backends().build()?;
    for kind in ["plain", "shared"] {
        ::std::assert_eq!(resolver.backend(kind)?.kind(), kind);
    }
    Ok(())
}
