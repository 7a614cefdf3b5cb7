//! The attribute macros of `secrets-runtime`, which re-exports them: `#[secrets]` and `#[task]`.
//!
//! The way through this crate: [`secrets`] and [`task`] call `expand`, which reads the function (`function`),
//! the other attribute beside it (`partner`), the arguments (`args`, on `value` and `path`), and the typed
//! parameters (`parameter`); finds out what they mean with the grammar of `secrets-spec` (`declaration`), and
//! how the function runs (`shape`); and writes one `static` (`descriptor`, on `constants`) and one call. Each
//! mistake on the way goes into one `report`, and the function is emitted in any case.

use proc_macro::TokenStream;

mod args;
mod constants;
mod declaration;
mod descriptor;
mod expand;
mod function;
mod parameter;
mod partner;
mod path;
mod place;
mod report;
mod shape;
#[cfg(test)]
mod tests;
mod value;

use expand::{Kind, expand};

/// Makes a function a step: its secrets are checked when it compiles, fetched before its body runs, and
/// readable only inside it.
#[proc_macro_attribute]
pub fn secrets(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(Kind::Secrets, arguments.into(), item.into()).into()
}

/// The same in Flyte's words.
#[proc_macro_attribute]
pub fn task(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(Kind::Task, arguments.into(), item.into()).into()
}
