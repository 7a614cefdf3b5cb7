//! The call of a step with `refresh_on`. Its body runs a second time if the secrets have changed.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::quote;
use syn::Type;

use crate::{
    analyze::cloned_argument,
    emit::step::{StepExpansion, Variables, run_body, unit_statement, unreachable_return},
    parse::function::Body,
    span::SourceSpan,
};

impl StepExpansion<'_> {
    /// Returns the call of a synchronous step. The body is a closure, and each run gets clones of the arguments.
    pub fn call_with_retry(&self, path: &TokenStream, result: &Type, body: &Body) -> TokenStream {
        let variables = Variables::default();
        let (refresh_on, fill) = (self.refresh_on(path, result), self.fill_or_nothing(&variables));
        let (step, bindings, lets) = (&variables.step, self.bindings(), self.lets());
        let arguments =
            cloned_argument::bind(self.arguments, &cloned_argument::clones(self.arguments));
        let run = run_body(&variables, result, body, unit_statement());
        quote! {
            __secrets::call_with_retry(#step, #refresh_on, #fill, move |#bindings| -> #result {
                #arguments
                #lets
                #run
            })
        }
    }

    /// Returns the call of an asynchronous step. The clones are bound inside the future, so that they live as long
    /// as the future.
    pub fn run_with_retry(&self, path: &TokenStream, result: &Type, body: &Body) -> TokenStream {
        let variables = Variables::default();
        let (refresh_on, fill) = (self.refresh_on(path, result), self.fill_or_nothing(&variables));
        let (step, bindings, lets) = (&variables.step, self.bindings(), self.lets());
        let tuple = &variables.arguments;
        let repeated = (!self.arguments.is_empty()).then(|| {
            let repeated = cloned_argument::clones(self.arguments);
            quote!(let #tuple = #repeated;)
        });
        let arguments = cloned_argument::bind(self.arguments, &quote!(#tuple));
        let run = run_body(&variables, result, body, unreachable_return(result));
        quote! {
            __secrets::run_with_retry(#step, #refresh_on, #fill, move |#bindings| {
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

    fn fill_or_nothing(&self, variables: &Variables) -> TokenStream {
        match self.parameters {
            [] => quote!(__secrets::no_parameters),
            _ => self.fill(variables),
        }
    }

    /// Returns the adapter for the step's result type, and a closure that calls the function of `refresh_on`. A direct
    /// call makes the compiler report a wrong parameter type at the path, and show where the function is defined.
    fn refresh_on(&self, path: &TokenStream, result: &Type) -> TokenStream {
        let adapter = self.refresh_adapter(result);
        let end = SourceSpan::of_tokens(path.clone()).end;
        let failure = Ident::new("__failure", end.resolved_at(Span::mixed_site()));
        let mut arguments = Group::new(Delimiter::Parenthesis, quote!(#failure));
        arguments.set_span(end);
        quote!(#adapter, |#failure| #path #arguments)
    }
}
