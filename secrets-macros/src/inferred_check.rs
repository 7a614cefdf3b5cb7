use proc_macro2::{Delimiter, Group, Ident, TokenStream};
use quote::quote;

use crate::span::SourceSpan;

/// A check that depends on a type which only the compiler knows.
pub struct InferredCheck<'a> {
    /// The path to the runtime crate.
    pub runtime: &'a TokenStream,
    /// The runtime's check, a `const fn name<F: Bound>(arguments) -> PhantomData<F>`.
    pub name: &'a str,
    pub bound: TokenStream,
    pub arguments: TokenStream,
    /// An expression whose type is `PhantomData<F>`.
    pub value: TokenStream,
}

impl InferredCheck<'_> {
    /// Returns the check as a statement, which reports a mistake at this span.
    ///
    /// An item cannot name the generic parameters around it, and the macro does not see those of an `impl`. So the item
    /// has a parameter of its own, which the compiler infers. A constant in a pattern is evaluated whether the function
    /// is used or not, by `cargo check` too.
    pub fn at(&self, at: &SourceSpan) -> TokenStream {
        let Self { runtime, bound, arguments, value, .. } = self;
        // The name alone has the span of the mistake, so that the caret is there and not at the attribute.
        let check = Ident::new(self.name, at.start);
        let mut group = Group::new(Delimiter::Parenthesis, arguments.clone());
        group.set_span(at.end);
        quote! {
            {
                use #runtime::__private::{NoSecretFields as _, OtherContext as _, #check};
                #[allow(dead_code)]
                struct __Check<F>(F);
                impl<F: #runtime::__private::#bound> __Check<F> {
                    const PASSES: #runtime::__private::Inferred<F> = #check #group;
                }
                let <__Check<_>>::PASSES = #value;
            }
        }
    }
}
