use proc_macro2::{Delimiter, Group, Ident, TokenStream};
use quote::quote;
use secrets_spec::ReadableKeys;
use syn::{GenericArgument, PathArguments, Type};

use crate::{span::SourceSpan, tokens::idents};

/// The check that a secret has the fields of a struct with `#[derive(SecretFields)]`. The compiler finds out whether a
/// type has them, through aliases and generics too: the derive's constant is inherent and is preferred to a trait's,
/// which every other type has.
pub struct FieldCheck {
    ty: Type,
    /// Whether the type may depend on a generic parameter, which an item in the body cannot name.
    may_be_generic: bool,
}

impl FieldCheck {
    /// Returns the check of a type; `None` if it cannot have fields to check. `generics` are the parameters of the
    /// function. Those of an `impl` around a method are not known.
    pub fn new(ty: &Type, generics: &[Ident]) -> Option<Self> {
        let ty = strip_option(ty);
        let Type::Path(path) = ty else { return None };
        let last = path.path.segments.last()?;
        let is_bare_parameter = path.path.get_ident().is_some_and(|name| generics.contains(name));
        if is_bare_parameter || PLAIN_TYPES.iter().any(|plain| last.ident == plain) {
            return None;
        }
        let mut may_be_generic = has_lifetime(quote!(#ty));
        for name in idents(quote!(#ty)) {
            if name == "_" {
                return None;
            }
            may_be_generic |=
                name == "Self" || generics.contains(&name) || looks_like_parameter(&name);
        }
        Some(Self { ty: ty.clone(), may_be_generic })
    }

    /// Returns the check against these keys, which reports a mistake at this span.
    pub fn against(
        &self,
        runtime: &TokenStream,
        name: &str,
        keys: &ReadableKeys<'_>,
        at: &SourceSpan,
    ) -> TokenStream {
        let keys = keys.as_slice();
        self.call(runtime, "check_locked_fields", &quote!(#name, &[#(#keys),*]), at)
    }

    /// Returns a call of this check. Its last argument is the constant of the type.
    pub fn call(
        &self,
        runtime: &TokenStream,
        check: &str,
        arguments: &TokenStream,
        at: &SourceSpan,
    ) -> TokenStream {
        let ty = &self.ty;
        let check = Ident::new(check, at.start);
        let mut group =
            Group::new(Delimiter::Parenthesis, quote!(#arguments, <#ty>::__SECRET_FIELDS));
        group.set_span(at.end);
        // The name alone has the span of the mistake, so that the caret is there and not at the attribute.
        let import = quote!(use #runtime::__private::{NoSecretFields as _, #check};);
        match self.may_be_generic {
            true => quote!({ #import const { #check #group } }),
            false => quote!(const _: () = { #import #check #group };),
        }
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

/// Whether a name looks like a type parameter: `T`, `T1`, `DB` or `TConfig`. A method may be in a generic `impl`.
fn looks_like_parameter(name: &Ident) -> bool {
    let name = name.to_string();
    let is_short =
        name.len() <= 2 && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    let after_t = name.strip_prefix('T').and_then(|rest| rest.chars().next());
    is_short || after_t.is_some_and(|c| c.is_ascii_uppercase())
}

/// Whether the type names a lifetime other than `'static`.
fn has_lifetime(ty: TokenStream) -> bool {
    ty.to_string().replace("'static", "").contains('\'')
}
