use proc_macro2::{Ident, TokenStream};
use quote::quote;
use secrets_spec::ReadableKeys;
use syn::{GenericArgument, PathArguments, Type};

use crate::{inferred_check::InferredCheck, span::SourceSpan, tokens::idents};

/// The check that a secret has the fields of a struct with `#[derive(SecretFields)]`. The compiler finds out whether a
/// type has them, through aliases and generics too: the derive's constant is inherent and is preferred to a trait's,
/// which every other type has.
pub struct FieldCheck(Type);

impl FieldCheck {
    /// Returns the check of a type; `None` if it cannot have fields to check. `generics` are the parameters of the
    /// function.
    pub fn new(ty: &Type, generics: &[Ident]) -> Option<Self> {
        let ty = strip_option(ty);
        let Type::Path(path) = ty else { return None };
        let last = path.path.segments.last()?;
        let is_bare_parameter = path.path.get_ident().is_some_and(|name| generics.contains(name));
        let is_plain = PLAIN_TYPES.iter().any(|plain| last.ident == plain);
        if is_bare_parameter || is_plain || idents(quote!(#ty)).any(|name| name == "_") {
            return None;
        }
        Some(Self(ty.clone()))
    }

    /// Returns the check against these keys, which reports a mistake at this span. If the secret is read in a context, it
    /// is the value of the check whether this is the context of a step.
    pub fn against(
        &self,
        runtime: &TokenStream,
        (name, keys): (&str, &ReadableKeys<'_>),
        context: Option<&TokenStream>,
        at: &SourceSpan,
    ) -> TokenStream {
        let keys = keys.as_slice();
        self.call(runtime, ("check_locked_fields", quote!(#name, &[#(#keys),*])), context, at)
    }

    /// Returns a call of this check, with these arguments.
    pub fn call(
        &self,
        runtime: &TokenStream,
        (name, arguments): (&str, TokenStream),
        context: Option<&TokenStream>,
        at: &SourceSpan,
    ) -> TokenStream {
        let ty = &self.0;
        let fields = quote!(<#ty>::__SECRET_FIELDS);
        let value = match context {
            Some(context) => quote!(#runtime::__private::read_in(#context, #fields)),
            None => fields,
        };
        let bound = quote!(SecretFieldList);
        InferredCheck { runtime, name, bound, arguments, value }.at(at)
    }
}

/// Types that are filled from one value, or from any set.
const PLAIN_TYPES: [&str; 22] = [
    "SecretValue",
    "String",
    "bool",
    "char",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "f32",
    "f64",
    "HashMap",
    "BTreeMap",
    "Vec",
    "PathBuf",
];

/// Returns the `T` of `Option<T>`: an absent secret is `None`, and one that is there is read as `T`.
fn strip_option(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => strip_option(&group.elem),
        Type::Paren(paren) => strip_option(&paren.elem),
        Type::Path(path) => {
            let inner = path.path.segments.last().filter(|last| last.ident == "Option");
            let inner = inner.and_then(|last| match &last.arguments {
                PathArguments::AngleBracketed(arguments) => arguments.args.first(),
                _ => None,
            });
            match inner {
                Some(GenericArgument::Type(inner)) => strip_option(inner),
                _ => ty,
            }
        }
        _ => ty,
    }
}
