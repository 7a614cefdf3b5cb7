use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Type, spanned::Spanned as _};

use crate::{
    analyze::{
        cloned_argument::ClonedArgument,
        declaration::Declaration,
        shape::{Shape, ShapeKind},
    },
    emit::descriptor::descriptor,
    parse::{
        function::{Body, Function},
        typed_parameter::TypedParameter,
    },
};

/// A step without mistakes.
pub struct Step<'a> {
    pub function: &'a Function,
    pub declaration: &'a Declaration,
    pub parameters: &'a [TypedParameter],
    /// What is cloned for each run, with `refresh_on`.
    pub arguments: &'a [ClonedArgument],
}

impl Step<'_> {
    pub fn body(&self, shape: &Shape, body: &Body) -> TokenStream {
        let result = shape.inferred();
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

    /// The items of the step. One import, so that a wrong path to the runtime is one error.
    fn prelude(&self, result: &Type) -> TokenStream {
        let runtime = &self.declaration.runtime;
        let descriptor =
            descriptor(&self.function.signature.ident, self.declaration, self.parameters);
        let serialize = self.declaration.serialize.as_ref().map(|_| {
            let span = result.span().resolved_at(Span::mixed_site());
            quote_spanned!(span=> __secrets::assert_storable::<#result>();)
        });
        quote!(use #runtime::__private as __secrets; #descriptor #serialize)
    }

    fn run_sync(&self, result: &Type, body: &Body) -> TokenStream {
        let names = Names::default();
        let Names { guard, error, value, .. } = &names;
        let from_error = from_error(result);
        let fill = (!self.parameters.is_empty()).then(|| {
            let (bindings, fill, lets) = (self.bindings(), self.fill(&names), self.lets());
            quote! {
                let #bindings = match #guard.fill(#fill) {
                    __secrets::Result::Ok(#value) => #value,
                    __secrets::Result::Err(#error) => return #from_error(#error),
                };
                #lets
            }
        });
        let run = bound(&names, result, body, nothing());
        quote! {
            let #guard = match __secrets::enter(&__SECRETS_STEP) {
                __secrets::Result::Ok(#guard) => #guard,
                __secrets::Result::Err(#error) => return #from_error(#error),
            };
            #fill
            #run
        }
    }

    fn run_async(&self, result: &Type, future: &TokenStream, body: &Body) -> TokenStream {
        let names = Names::default();
        let from_error = from_error(result);
        let block = body.after(return_edge(result));
        if self.parameters.is_empty() {
            return quote! {
                __secrets::run(&__SECRETS_STEP, #from_error, #future #block).await
            };
        }
        let (bindings, fill, lets) = (self.bindings(), self.fill(&names), self.lets());
        quote! {
            __secrets::run_with(&__SECRETS_STEP, #from_error, #fill, move |#bindings| {
                #lets
                #future #block
            })
            .await
        }
    }

    /// Reads all parameters, so that all misfits are reported.
    pub fn fill(&self, Names { filler, .. }: &Names) -> TokenStream {
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

    pub fn bindings(&self) -> TokenStream {
        let values = self.values();
        quote!((#(#values,)*))
    }

    /// Binds the values to the patterns that the user has written.
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

/// The names of the expansion's variables, which the user's code neither sees nor shadows.
pub struct Names {
    guard: Ident,
    error: Ident,
    value: Ident,
    filler: Ident,
    pub arguments: Ident,
}

impl Default for Names {
    fn default() -> Self {
        let name = |name| Ident::new(name, Span::mixed_site());
        Self {
            guard: name("__guard"),
            error: name("__error"),
            value: name("__result"),
            filler: name("__filler"),
            arguments: name("__arguments"),
        }
    }
}

/// The result is bound before it is given back: what the body's last expression holds on to is dropped while
/// the secrets, the typed parameters and the clones of the arguments are still there, in every edition.
pub fn bound(names: &Names, result: &Type, body: &Body, start: TokenStream) -> TokenStream {
    let (value, block) = (&names.value, body.after(start));
    quote! {
        let #value: #result = #block;
        #[allow(unreachable_code, clippy::needless_return)]
        return #value;
    }
}

/// A function, not a bound: then a result of the wrong type is one error, at the type.
fn from_error(result: &Type) -> TokenStream {
    let span = result.span().resolved_at(Span::mixed_site());
    quote_spanned!(span=> <#result as __secrets::Fallible>::from_error)
}

/// Something must stand before a body, or the compiler finds the braces of a short one needless.
pub fn nothing() -> TokenStream {
    quote!(let () = ();)
}

/// A `return` that is never reached tells the compiler what the block gives; without it a wrong result would
/// be shown at the attribute rather than in the user's code.
pub fn return_edge(result: &Type) -> TokenStream {
    let span = result.span().resolved_at(Span::mixed_site());
    let edge = quote_spanned!(span=> return __secrets::never::<#result>(););
    quote!(if false { #edge })
}
