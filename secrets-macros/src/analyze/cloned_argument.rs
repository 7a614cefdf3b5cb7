use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::{
    Attribute, FnArg, Pat, PatIdent, PatType, PathArguments, Receiver, ReceiverKind, Signature,
    Type, parse_quote, spanned::Spanned as _,
};

use crate::{
    analyze::shape::{infer_impl_trait, strip_parens},
    mistakes::Mistakes,
    span::SourceSpan,
};

/// An argument of a step with `refresh_on`. Each run of the body gets a clone of it.
pub struct ClonedArgument {
    /// The name in the new signature.
    name: Ident,
    /// The user's pattern, which is bound in the body.
    pat: Pat,
    ty: Type,
    /// The lint attributes, which apply to the pattern.
    lints: Vec<Attribute>,
}

/// Reads the arguments of a function whose body may run twice, and reports those that prevent it.
pub fn read(signature: &Signature, report: &mut Mistakes) -> Vec<ClonedArgument> {
    let mut arguments = Vec::new();
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) => check_receiver(receiver, report),
            FnArg::Typed(argument) => {
                check(argument, report);
                arguments.push(ClonedArgument::of(argument, arguments.len()));
            }
        }
    }
    arguments
}

/// Replaces the patterns in the signature by the names of the arguments.
pub fn rename(signature: &mut Signature, arguments: &[ClonedArgument]) {
    let typed = signature.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(argument) => Some(argument),
        FnArg::Receiver(_) => None,
    });
    for (input, ClonedArgument { name, .. }) in typed.zip(arguments) {
        input.attrs.retain(|attr| !is_lint(attr));
        *input.pat = parse_quote!(#name);
    }
}

/// Returns a tuple of clones of all arguments.
pub fn clones(arguments: &[ClonedArgument]) -> TokenStream {
    let repeated = arguments.iter().map(|ClonedArgument { name, ty, .. }| {
        let (span, ty) = (ty.span().resolved_at(Span::mixed_site()), infer_impl_trait(ty));
        quote_spanned!(span=> <#ty as __secrets::CloneArgument>::clone_argument(&#name))
    });
    quote!((#(#repeated,)*))
}

/// Returns statements that bind the elements of a tuple to the user's patterns.
pub fn bind(arguments: &[ClonedArgument], tuple: &TokenStream) -> TokenStream {
    if arguments.is_empty() {
        return TokenStream::new();
    }
    let pats = arguments.iter().enumerate().map(|(index, argument)| match &argument.lints[..] {
        [] => argument.pat.to_token_stream(),
        _ => placeholder(index).to_token_stream(),
    });
    // Attributes are allowed on a `let` statement, but not inside a tuple pattern.
    let lets = arguments.iter().enumerate().filter(|(_, argument)| !argument.lints.is_empty());
    let lets = lets.map(|(index, ClonedArgument { pat, lints, .. })| {
        let name = placeholder(index);
        quote!(#(#lints)* let #pat = #name;)
    });
    quote!(let (#(#pats,)*) = #tuple; #(#lets)*)
}

impl ClonedArgument {
    fn of(argument: &PatType, index: usize) -> Self {
        let name = match &*argument.pat {
            Pat::Ident(PatIdent { by_ref: None, subpat: None, ident, .. })
                if !ident.to_string().starts_with('_') =>
            {
                ident.clone()
            }
            // Cloning an argument uses it, so a name such as `_rows`, which means unused, is replaced.
            _ => placeholder(index),
        };
        Self {
            name,
            pat: (*argument.pat).clone(),
            ty: (*argument.ty).clone(),
            lints: argument.attrs.iter().filter(|attr| is_lint(attr)).cloned().collect(),
        }
    }
}

/// Reports an argument that may be configured out, or that is a `&mut`.
fn check(argument: &PatType, report: &mut Mistakes) {
    for attr in &argument.attrs {
        if attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr") {
            let help =
                "put the `#[cfg]` on the whole function, and write the function once for each case";
            let message =
                "an argument of a step with `refresh_on` cannot be conditional (`#[cfg]`)";
            report.add(SourceSpan::of_tokens(quote!(#attr)), message, help);
        }
    }
    if let Type::Reference(reference) = strip_parens(&argument.ty)
        && reference.mutability.is_some()
    {
        let message = "with `refresh_on` the body may run twice, but only one run can borrow this";
        let help = "take it by value, or as a `&Mutex<T>`; or return what changes with the result";
        report.add(SourceSpan::of_tokens(reference.to_token_stream()), message, help);
    }
}

/// Reports a receiver that is not a shared reference. The body uses the name `self`, to which no clone can be
/// bound, so all runs share the receiver.
fn check_receiver(receiver: &Receiver, report: &mut Mistakes) {
    let is_shared = match &receiver.kind {
        _ if receiver.mutability.is_some() => false,
        ReceiverKind::Reference(_, _, mutability) => mutability.is_none(),
        ReceiverKind::Typed(_, ty) => is_shared(ty),
        _ => false,
    };
    if is_shared {
        return;
    }
    let message = "with `refresh_on` the body may run twice, but only one run can take this";
    let help = match &receiver.kind {
        ReceiverKind::Reference(..) => "write `&self`, and keep what changes in a `Mutex`",
        _ => {
            "write `&self`, or fetch again in the body with `current_context().secrets.with_fresh(..)`"
        }
    };
    report.add(SourceSpan::of_tokens(quote!(#receiver)), message, help);
}

/// Whether the type is `&T` or `Pin<&T>`, which all runs can share.
fn is_shared(ty: &Type) -> bool {
    match strip_parens(ty) {
        Type::Reference(reference) => reference.mutability.is_none(),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            let PathArguments::AngleBracketed(arguments) = &last.arguments else { return false };
            last.ident == "Pin"
                && arguments.args.iter().all(|argument| match argument {
                    syn::GenericArgument::Type(ty) => is_shared(ty),
                    _ => false,
                })
        }),
        _ => false,
    }
}

fn is_lint(attr: &Attribute) -> bool {
    ["allow", "expect", "warn", "deny", "forbid"].iter().any(|name| attr.path().is_ident(name))
}

fn placeholder(index: usize) -> Ident {
    format_ident!("__argument_{index}", span = Span::mixed_site())
}
