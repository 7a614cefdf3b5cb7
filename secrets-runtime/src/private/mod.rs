//! What the macros' expansions call. Not for anyone else: it changes without notice.
//!
//! An expansion is one `static` [`Step`] and one call; whatever need not be generic is behind that call.

pub(crate) mod checks;
pub(crate) mod ending;
pub(crate) mod fallible;
pub(crate) mod filler;
pub(crate) mod parameter;
pub(crate) mod refresh_on;
pub(crate) mod refreshed;
pub(crate) mod registry;
pub(crate) mod repeatable;
pub(crate) mod retry;
pub(crate) mod run_async;
pub(crate) mod run_sync;
pub(crate) mod step;

/// The type of a constant that stands for a text.
pub type Text = &'static str;

/// Gives the type of a block a name, in a `return` that is never reached.
pub fn never<R>() -> R {
    unreachable!("the macros write this call into `if false` only")
}
