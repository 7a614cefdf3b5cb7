//! Functions and types for the macros' expansions only. They may change in any release.
//!
//! An expansion is one `static` [`Step`] and one call. Everything that need not be generic is behind that
//! call.

pub(crate) mod checks;
pub(crate) mod declared_function;
pub(crate) mod fallible;
#[cfg(feature = "guard")]
pub(crate) mod guard;
mod guard_macros;
pub(crate) mod inferred;
pub(crate) mod parameters;
pub(crate) mod refresh_on;
pub(crate) mod registry;
pub(crate) mod result_adapter;
pub(crate) mod run_async;
pub(crate) mod run_sync;
mod running_step;
pub(crate) mod start_failure;
pub(crate) mod step;
#[cfg(feature = "guard")]
pub(crate) mod type_probe;

/// The type of a constant text. Expansions name no type of the prelude, since a program may shadow it.
pub type Text = &'static str;

/// The type of the bytes of a record.
pub type Byte = u8;

/// Returns the type of the step's body, in a `return` that is never reached, and so fixes the body's type.
pub fn never<R>() -> R {
    unreachable!("the macros write this call into `if false` only")
}
