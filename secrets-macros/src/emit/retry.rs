//! The call of a step with `refresh_on`, whose body may run twice.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;

use crate::{
    analyze::cloned_argument,
    emit::step::{Names, Step, bound, nothing, return_edge},
    parse::function::Body,
    span::SourceSpan,
};

impl Step<'_> {
    /// The body in a closure, which may be called twice; each run has clones of the arguments.
    pub fn call_with_retry(&self, path: &TokenStream, result: &Type, body: &Body) -> TokenStream {
        let names = Names::default();
        let (refresh_on, fill) = (refresh_on(path, result), self.fill_again(&names));
        let (bindings, lets) = (self.bindings(), self.lets());
        let arguments =
            cloned_argument::bound(self.arguments, &cloned_argument::repeated(self.arguments));
        let run = bound(&names, result, body, nothing());
        quote! {
            __secrets::call_again(&__SECRETS_STEP, #refresh_on, #fill, move |#bindings| -> #result {
                #arguments
                #lets
                #run
            })
        }
    }

    /// The same with a future. The clones are bound inside of it, so that they live as long as it does.
    pub fn run_with_retry(&self, path: &TokenStream, result: &Type, body: &Body) -> TokenStream {
        let names = Names::default();
        let (refresh_on, fill) = (refresh_on(path, result), self.fill_again(&names));
        let (bindings, lets) = (self.bindings(), self.lets());
        let tuple = &names.arguments;
        let repeated = (!self.arguments.is_empty()).then(|| {
            let repeated = cloned_argument::repeated(self.arguments);
            quote!(let #tuple = #repeated;)
        });
        let arguments = cloned_argument::bound(self.arguments, &quote!(#tuple));
        let run = bound(&names, result, body, return_edge(result));
        quote! {
            __secrets::run_again(&__SECRETS_STEP, #refresh_on, #fill, move |#bindings| {
                #repeated
                async move {
                    #arguments
                    #lets
                    #run
                }
            })
            .await
        }
    }

    fn fill_again(&self, names: &Names) -> TokenStream {
        match self.parameters {
            [] => quote!(__secrets::no_parameters),
            _ => self.fill(names),
        }
    }
}

/// What a result of the step's type does with the function that `refresh_on` names, and that function. It is
/// called as a person would call it: one that takes something else is an error at the path, and shows where the
/// function is.
fn refresh_on(path: &TokenStream, result: &Type) -> TokenStream {
    let ty = SourceSpan::of_tokens(quote!(#result));
    let method = Ident::new("refresh_on", ty.end);
    let refresh_on = quote_spanned!(ty.start=> <#result as __secrets::Fallible>::#method);
    let end = SourceSpan::of_tokens(path.clone()).end;
    let failure = Ident::new("__failure", end.resolved_at(Span::mixed_site()));
    let mut arguments = Group::new(Delimiter::Parenthesis, quote!(#failure));
    arguments.set_span(end);
    quote!(#refresh_on, |#failure| #path #arguments)
}
