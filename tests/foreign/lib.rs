//! Attributes like those of other crates, to be tested together with ours. Each is for a function, has no
//! arguments, and changes the function in another way. None knows of ours.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::{FnArg, ItemFn, Pat, ReturnType, Type, parse_macro_input, spanned::Spanned as _};

/// Keeps the function, and adds a `static` that lists its parameters and runs it, as `#[flyte::task]` does.
///
/// `load` gets `LOAD_TASK`, which has `inputs()` and `run(..)`.
#[proc_macro_attribute]
pub fn task(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    let function = parse_macro_input!(item as ItemFn);
    expand("task", arguments.into(), function, |function, call| {
        let Call { names, types, output, asyncness, run } = call;
        let (vis, name) = (&function.vis, &function.sig.ident);
        let (entry, kind) = (format_ident!("{}_TASK", upper(name)), format_ident!("{name}_task"));
        let called = run(name);
        let inputs = names.iter().map(|name| name.to_string());
        quote! {
            #function
            #[allow(non_camel_case_types)]
            #vis struct #kind;
            #[allow(dead_code)]
            impl #kind {
                #vis fn inputs(&self) -> &'static [&'static str] {
                    &[#(#inputs),*]
                }
                #vis #asyncness fn run(&self, #(#names: #types),*) -> #output {
                    #called
                }
            }
            #[allow(dead_code)]
            #vis static #entry: #kind = #kind;
        }
    })
}

/// Renames the function, which keeps its attributes, and replaces it by one that calls it.
///
/// `load` is replaced, and its replacement is in `LOAD_REGISTERED` too. That of an `async fn` boxes its future.
#[proc_macro_attribute]
pub fn registered(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    let function = parse_macro_input!(item as ItemFn);
    expand("registered", arguments.into(), function, |mut function, call| {
        let Call { names, types, output, asyncness, run } = call;
        let (vis, name) = (function.vis.clone(), function.sig.ident.clone());
        let entry = format_ident!("{}_REGISTERED", upper(&name));
        function.sig.ident = format_ident!("__registered_{name}");
        let called = run(&function.sig.ident);
        let (result, pointer) = match asyncness {
            None => (quote!(#output), quote!(#name)),
            Some(_) => (
                quote!(::std::pin::Pin<::std::boxed::Box<
                    dyn ::std::future::Future<Output = #output> + ::std::marker::Send
                >>),
                quote!(|#(#names),*| ::std::boxed::Box::pin(#name(#(#names),*))),
            ),
        };
        quote! {
            #function
            #vis #asyncness fn #name(#(#names: #types),*) -> #output {
                #called
            }
            #[allow(dead_code, clippy::type_complexity)]
            #vis static #entry: fn(#(#types),*) -> #result = #pointer;
        }
    })
}

/// Moves the body into a function within the function, which keeps its attributes. As `#[flyte::trace]`.
#[proc_macro_attribute]
pub fn traced(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    let function = parse_macro_input!(item as ItemFn);
    expand("traced", arguments.into(), function, |function, call| {
        let ItemFn { attrs, vis, sig, block, .. } = &function;
        let mut inner = sig.clone();
        inner.ident = format_ident!("__traced_{}", sig.ident);
        let called = (call.run)(&inner.ident);
        quote! {
            #(#attrs)*
            #vis #sig {
                #inner #block
                #called
            }
        }
    })
}

/// How a function is called.
struct Call<'a> {
    names: Vec<&'a Ident>,
    types: Vec<&'a Type>,
    output: &'a Type,
    asyncness: Option<syn::token::Async>,
    /// Calls the function of this name with the parameters.
    run: &'a dyn Fn(&Ident) -> TokenStream,
}

fn expand(
    attribute: &str,
    arguments: TokenStream,
    function: ItemFn,
    with: impl FnOnce(ItemFn, Call<'_>) -> TokenStream,
) -> proc_macro::TokenStream {
    let fail = |at: Span, what: &str| {
        syn::Error::new(at, format!("#[{attribute}] {what}")).into_compile_error().into()
    };
    if !arguments.is_empty() {
        return fail(arguments.span(), "takes no arguments");
    }
    let signature = function.sig.clone();
    let ReturnType::Type(_, output) = &signature.output else {
        return fail(signature.ident.span(), "needs a function that returns something");
    };
    let parameters = signature.inputs.iter().map(|input| match input {
        FnArg::Typed(parameter) => match &*parameter.pat {
            Pat::Ident(name) => Some((&name.ident, &*parameter.ty)),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    });
    let Some((names, types)) = parameters.collect::<Option<(Vec<_>, Vec<_>)>>() else {
        return fail(signature.inputs.span(), "needs parameters that are plain names");
    };
    let asyncness = signature.asyncness;
    let wait = asyncness.map(|_| quote!(.await));
    let run = |name: &Ident| quote!(#name(#(#names),*) #wait);
    let call = Call { names: names.clone(), types, output, asyncness, run: &run };
    with(function, call).into()
}

fn upper(name: &Ident) -> String {
    name.to_string().to_uppercase()
}
