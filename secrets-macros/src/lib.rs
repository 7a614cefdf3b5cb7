//! macros
use proc_macro::TokenStream;

/// Temporary.
#[proc_macro_attribute]
pub fn secrets(_args: TokenStream, item: TokenStream) -> TokenStream {
    item
}

/// Temporary.
#[proc_macro_attribute]
pub fn task(_args: TokenStream, item: TokenStream) -> TokenStream {
    item
}
