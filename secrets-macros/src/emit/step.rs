use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Type, ext::IdentExt as _, spanned::Spanned as _};

use crate::{
    analyze::{
        cloned_argument::ClonedArgument,
        declaration::StepDeclaration,
        shape::{Shape, ShapeKind},
    },
    call_site::CallSite,
    emit::{
        descriptor::{Descriptor, descriptor},
        lock_constants::LockConstants,
    },
    parse::{
        function::{Body, Function},
        typed_parameter::TypedParameter,
    },
};

/// A step in which no mistake was found.
pub struct StepExpansion<'a> {
    pub function: &'a Function,
    pub location: &'a CallSite,
    pub declaration: &'a StepDeclaration,
    /// The type of the result, as it is written.
    pub result: &'a Type,
    pub parameters: &'a [TypedParameter],
    /// The arguments that are cloned for each run; empty without `refresh_on`.
    pub arguments: &'a [ClonedArgument],
    pub lock_constants: LockConstants<'a>,
}

impl StepExpansion<'_> {
    /// Returns the new body of the function.
    pub fn body(&self, shape: &Shape, body: &Body) -> TokenStream {
        let result = shape.result_in_body();
        let prelude = self.prelude(&result);
        let again = self.declaration.refresh_on.as_ref();
        match &shape.kind {
            ShapeKind::Sync => {
                let run = match again {
                    Some(path) => self.call_with_retry(path, &result, body),
                    None => self.run_sync(&result, body),
                };
                quote!(#prelude #run)
            }
            ShapeKind::Async => {
                let run = match again {
                    Some(path) => self.run_with_retry(path, &result, body),
                    None => self.run_async(&result, &quote!(async move), body),
                };
                quote!(#prelude #run)
            }
            ShapeKind::Boxed(boxed) => {
                let content = Body { inner: TokenStream::new(), block: boxed.content().clone() };
                let run = match again {
                    Some(path) => self.run_with_retry(path, &result, &content),
                    None => self.run_async(&result, boxed.keywords(), &content),
                };
                boxed.with(quote!(#prelude #run))
            }
        }
    }

    /// Returns the items of the step. There is only one import, so that a wrong path to the runtime is one error.
    fn prelude(&self, result: &Type) -> TokenStream {
        let runtime = &self.declaration.runtime;
        let name = self.function.signature.ident.unraw().to_string();
        let Descriptor { items, step } = descriptor(
            &name,
            self.location,
            self.declaration,
            self.parameters,
            &self.lock_constants,
        );
        let serialize = self.declaration.serialize.as_ref().map(|_| {
            let span = result.span().resolved_at(Span::mixed_site());
            quote_spanned!(span=> __secrets::assert_storable::<#result>();)
        });
        let variable = Variables::default().step;
        quote!(use #runtime::__private as __secrets; #items #serialize let #variable = #step;)
    }

    /// Returns the call of a synchronous step. The body is a closure, so that its result passes through the runtime even
    /// if the body returns early.
    fn run_sync(&self, result: &Type, body: &Body) -> TokenStream {
        let (variables, adapter) = (Variables::default(), self.adapter(result));
        let step = &variables.step;
        if self.parameters.is_empty() {
            let block = body.block_after(TokenStream::new());
            return quote!(__secrets::call(#step, #adapter, move || -> #result #block));
        }
        let run = run_body(&variables, result, body, unit_statement());
        let (bindings, fill, lets) = (self.bindings(), self.fill(&variables), self.lets());
        quote! {
            __secrets::call_with(#step, #adapter, #fill, move |#bindings| -> #result {
                #lets
                #run
            })
        }
    }

    fn run_async(&self, result: &Type, future: &TokenStream, body: &Body) -> TokenStream {
        let (variables, adapter) = (Variables::default(), self.adapter(result));
        let step = &variables.step;
        let block = body.block_after(unreachable_return(result));
        if self.parameters.is_empty() {
            return quote! {
                __secrets::run(#step, #adapter, #future #block).await
            };
        }
        let (bindings, fill, lets) = (self.bindings(), self.fill(&variables), self.lets());
        quote! {
            __secrets::run_with(#step, #adapter, #fill, move |#bindings| {
                #lets
                #future #block
            })
            .await
        }
    }

    /// Returns the closure that reads all typed parameters, even after a failure, so that all mismatches are
    /// reported.
    pub fn fill(&self, Variables { filler, .. }: &Variables) -> TokenStream {
        let reads = self.parameters.iter().enumerate().map(|(index, TypedParameter { ty, .. })| {
            let span = ty.span().resolved_at(Span::mixed_site());
            quote_spanned!(span=> <#ty as __secrets::FromSecret>::read(#filler, #index))
        });
        let values: Vec<Ident> = self.values().collect();
        quote! {
            |#filler| match (#(#reads,)*) {
                (#(__secrets::Option::Some(#values),)*) => __secrets::Option::Some((#(#values,)*)),
                _ => __secrets::Option::None,
            }
        }
    }

    /// Returns a tuple of the variables for the parameters' values.
    pub fn bindings(&self) -> TokenStream {
        let values = self.values();
        quote!((#(#values,)*))
    }

    /// Binds the values to the user's patterns.
    pub fn lets(&self) -> TokenStream {
        let lets = self.parameters.iter().zip(self.values());
        lets.map(|(TypedParameter { pat, attrs, .. }, value)| quote!(#(#attrs)* let #pat = #value;))
            .collect()
    }

    fn values(&self) -> impl Iterator<Item = Ident> {
        (0..self.parameters.len())
            .map(|index| Ident::new(&format!("__value_{index}"), Span::mixed_site()))
    }
}

/// The identifiers of the expansion's variables, which are hygienic: the user's code can neither see nor shadow them.
pub struct Variables {
    pub step: Ident,
    value: Ident,
    filler: Ident,
    pub arguments: Ident,
}

impl Default for Variables {
    fn default() -> Self {
        let name = |name| Ident::new(name, Span::mixed_site());
        Self {
            step: name("__step"),
            value: name("__result"),
            filler: name("__filler"),
            arguments: name("__arguments"),
        }
    }
}

/// Runs the body, binds its result and returns it. Because the result is bound first, temporaries of the body's last
/// expression are dropped before the secrets, the typed parameters and the cloned arguments, in every edition.
pub fn run_body(
    variables: &Variables,
    result: &Type,
    body: &Body,
    start: TokenStream,
) -> TokenStream {
    let (value, block) = (&variables.value, body.block_after(start));
    quote! {
        let #value: #result = #block;
        #[allow(unreachable_code, clippy::needless_return)]
        return #value;
    }
}

/// Returns a statement to put before a body, without which the compiler warns about needless braces around a short
/// one.
pub fn unit_statement() -> TokenStream {
    quote!(let () = ();)
}

/// Returns a `return` that is never reached, from which the compiler infers the type of the block. Without it, a
/// wrong result would be reported at the attribute instead of in the user's code.
pub fn unreachable_return(result: &Type) -> TokenStream {
    let span = result.span().resolved_at(Span::mixed_site());
    let edge = quote_spanned!(span=> return __secrets::never::<#result>(););
    quote!(if false { #edge })
}
