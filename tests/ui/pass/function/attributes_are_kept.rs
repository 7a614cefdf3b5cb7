//! Documentation, lints and inner attributes stay.
#![deny(warnings, missing_docs, unsafe_code)]
use secrets_runtime::{Error, secrets};

/// Documented.
#[secrets(sources = ["a"])]
#[must_use]
#[inline]
#[allow(unused_variables)]
pub fn documented() -> Result<(), Error> {
    #![allow(unused_mut)]
    let mut unused = 1;
    Ok(())
}

/// Documented too.
#[deprecated(note = "for the test")]
#[cfg(all())]
#[secrets]
pub async fn later() -> Result<(), Error> {
    //! Inside.
    Ok(())
}

#[secrets]
#[cfg(any())]
fn absent() -> Missing {}

#[expect(dead_code)]
#[secrets]
#[doc(hidden)]
fn unused() -> Result<(), Error> { Ok(()) }

fn main() {
    let _ = documented();
}
