//! What the macros' expansions call. Not for anyone else: it changes without notice.
//!
//! An expansion is one `static` [`Step`] and one call; whatever need not be generic is behind that call.

pub(crate) mod checks;
pub(crate) mod fallible;
pub(crate) mod parameters;
pub(crate) mod registry;
pub(crate) mod retry;
pub(crate) mod run_async;
pub(crate) mod run_sync;
mod running_step;
pub(crate) mod step;

/// The type of a constant that stands for a text. Expansions name no type of the prelude, which a program may shadow.
pub type Text = &'static str;

/// The type of the bytes of a record.
pub type Byte = u8;

/// Gives the type of a block a name, in a `return` that is never reached.
pub fn never<R>() -> R {
    unreachable!("the macros write this call into `if false` only")
}
