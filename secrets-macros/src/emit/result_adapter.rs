//! What the runtime gets of the result type of a step: how to make a result from an error, and with the feature `guard`
//! how to search one.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use secrets_spec::GuardMode;
use syn::{Type, TypeParamBound, spanned::Spanned as _};

use crate::{
    analyze::shape::{is_opaque, part_of_result},
    emit::step::StepExpansion,
    span::SourceSpan,
};

impl StepExpansion<'_> {
    /// Returns the adapter of the step's result type. Since it is a function and not a bound, a wrong result type is a
    /// single error at the type.
    pub fn adapter(&self, result: &Type) -> TokenStream {
        let span = result.span().resolved_at(Span::mixed_site());
        let from_error = quote_spanned!(span=> <#result as __secrets::Fallible>::from_error);
        match self.search(result) {
            Some(look) => quote!(__secrets::adapter!(#from_error, #look)),
            None => from_error,
        }
    }

    /// Returns the adapter of a step with `refresh_on`.
    pub fn refresh_adapter(&self, result: &Type) -> TokenStream {
        let ty = SourceSpan::of_tokens(quote!(#result));
        let method = Ident::new("refresh_on", ty.end);
        let refresh_on = quote_spanned!(ty.start=> <#result as __secrets::Fallible>::#method);
        match self.search(result) {
            Some(look) => quote!(__secrets::refresh_adapter!(#refresh_on, #look)),
            None => refresh_on,
        }
    }

    /// Returns how results are searched, in the words of the runtime's macros; `None` without the feature.
    fn search(&self, result: &Type) -> Option<TokenStream> {
        if !self.location.has_guard {
            return None;
        }
        let must_be_serialize = || {
            // An error of the compiler is at the whole type.
            let ty = SourceSpan::of_tokens(quote!(#result));
            let success = Ident::new("Success", ty.end);
            let value = quote_spanned!(ty.start=> <#result as __secrets::Fallible>::#success);
            let span = result.span().resolved_at(Span::mixed_site());
            quote_spanned!(span=> value <#value as __secrets::Inspectable>::search)
        };
        Some(match self.declaration.guard {
            Some(GuardMode::Off) => quote!(off),
            Some(GuardMode::Errors) => quote!(error),
            Some(GuardMode::Deny | GuardMode::Warn) => must_be_serialize(),
            // An opaque type is not known yet where the adapter is.
            None if part_of_result(self.result, 1).is_some_and(is_opaque) => quote!(off),
            None => match part_of_result(self.result, 0) {
                Some(value) if is_serialize(value) => must_be_serialize(),
                Some(value) if is_opaque(value) => quote!(error),
                _ => quote!(seen),
            },
        })
    }
}

/// Whether a type is `impl Serialize`, as it is usually written.
fn is_serialize(ty: &Type) -> bool {
    let Type::ImplTrait(ty) = ty else { return false };
    ty.bounds.iter().any(|bound| {
        let TypeParamBound::Trait(bound) = bound else { return false };
        let last = bound.path.segments.last();
        last.is_some_and(|last| last.ident == "Serialize" && last.arguments.is_none())
    })
}
