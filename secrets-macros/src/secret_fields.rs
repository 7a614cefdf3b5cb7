//! `#[derive(SecretFields)]`: the names under which serde reads the fields of a struct, as a constant.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{
    Attribute, Expr, Fields, GenericArgument, GenericParam, Item, ItemStruct, LitStr, Path,
    PathArguments, Token, Type, ext::IdentExt as _, meta::ParseNestedMeta, token::Paren,
};

use crate::{mistakes::Mistakes, runtime_crate::RuntimeCrate, span::SourceSpan};

/// Expands the derive.
pub fn derive(item: TokenStream) -> TokenStream {
    match syn::parse2(item) {
        Ok(Item::Struct(item)) => constant(&item),
        Ok(Item::Enum(item)) => refusal(&item.ident),
        Ok(Item::Union(item)) => refusal(&item.ident),
        // The compiler has reported what it cannot parse.
        _ => TokenStream::new(),
    }
}

fn refusal(name: &Ident) -> TokenStream {
    let mut report = Mistakes::default();
    let message = "`SecretFields` is for structs, whose fields a secret has";
    report.add(SourceSpan::of(name.span()), message, "remove it from the list of derives");
    quote!(#report)
}

/// Returns the constant, whose type has the names: for each field that a secret must have, those that serde takes for
/// it. The type does not depend on the generic parameters of the struct.
fn constant(item: &ItemStruct) -> TokenStream {
    let mut report = Mistakes::default();
    let runtime = runtime_of(item, &mut report);
    if !report.is_empty() {
        return quote!(#report);
    }
    let name = &item.ident;
    let (generics, arguments, wheres) = item.generics.split_for_impl();
    let fields = required_fields(item).into_iter().map(|names| quote!(&[#(#names),*]));
    let fields: Vec<TokenStream> = fields.collect();
    quote! {
        const _: () = {
            #[allow(dead_code, unreachable_pub)]
            pub struct __Fields;
            impl #runtime::__private::SecretFieldList for __Fields {
                const NAMES: #runtime::__private::SecretFieldNames = &[#(#fields),*];
            }
            impl #generics #name #arguments #wheres {
                #[doc(hidden)]
                #[allow(dead_code, clippy::all)]
                pub const __SECRET_FIELDS: #runtime::__private::Inferred<__Fields> =
                    #runtime::__private::inferred();
            }
        };
    }
}

/// Returns the path to the runtime crate: that of `#[secret_fields(crate = ..)]`, or the one that the compiler knows.
fn runtime_of(item: &ItemStruct, report: &mut Mistakes) -> TokenStream {
    let mut path = None;
    for attr in item.attrs.iter().filter(|attr| attr.path().is_ident("secret_fields")) {
        let read = attr.parse_nested_meta(|meta| {
            if !meta.path.is_ident("crate") {
                return Err(meta.error("unknown argument"));
            }
            path = Some(meta.value()?.parse::<Path>()?);
            Ok(())
        });
        if read.is_err() {
            let message = "`secret_fields` has one argument, a path";
            let help = "write #[secret_fields(crate = path::to::secrets_runtime)]";
            report.add(SourceSpan::of_tokens(quote!(#attr)), message, help);
        }
    }
    let known = || RuntimeCrate::of_compiler().path();
    path.map(|path| quote!(#path)).or_else(known).unwrap_or_else(|| {
        let message = "this package does not depend on `secrets-runtime`";
        let help = "write the path through another crate, such as #[secret_fields(crate = facade::secrets_runtime)], or add the dependency";
        report.add(SourceSpan::of(item.ident.span()), message, help);
        TokenStream::new()
    })
}

/// Returns the names of each field that must be there; nothing if serde reads the struct in another way.
fn required_fields(item: &ItemStruct) -> Vec<Vec<String>> {
    let Fields::Named(fields) = &item.fields else { return Vec::new() };
    let container = Container::read(&item.attrs);
    if container.is_read_otherwise || container.has_default {
        return Vec::new();
    }
    let parameters: Vec<&Ident> = item
        .generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(&parameter.ident),
            _ => None,
        })
        .collect();
    let mut required = Vec::new();
    for field in &fields.named {
        let serde = SerdeField::read(&field.attrs);
        if serde.is_flattened {
            return Vec::new();
        }
        if serde.may_be_absent || is_option_or_parameter(&field.ty, &parameters) {
            continue;
        }
        let ident = field.ident.as_ref().map(|ident| ident.unraw().to_string());
        let own = ident.unwrap_or_default();
        let renamed = serde.rename.unwrap_or_else(|| container.rename(&own));
        required.push([renamed].into_iter().chain(serde.aliases).collect());
    }
    required
}

/// What serde's attributes of a struct say.
#[derive(Default)]
struct Container {
    rename_all: Option<String>,
    has_default: bool,
    /// Whether another type is read, or only the inner value.
    is_read_otherwise: bool,
}

impl Container {
    fn read(attrs: &[Attribute]) -> Self {
        let mut container = Self::default();
        each_meta(attrs, |name, meta| {
            match name {
                "rename_all" => container.rename_all = deserialized_text(meta)?,
                "default" => container.has_default = true,
                "from" | "try_from" | "transparent" | "remote" => {
                    container.is_read_otherwise = true;
                }
                _ => {}
            }
            skip_value(meta)
        });
        container
    }

    /// Returns a field's name by the rule of `rename_all`.
    fn rename(&self, field: &str) -> String {
        let pascal = || {
            let words = field.split('_').map(|word| {
                let mut chars = word.chars();
                let first = chars.next().map(|first| first.to_ascii_uppercase());
                first.into_iter().chain(chars).collect::<String>()
            });
            words.collect::<String>()
        };
        match self.rename_all.as_deref() {
            Some("UPPERCASE" | "SCREAMING_SNAKE_CASE") => field.to_ascii_uppercase(),
            Some("PascalCase") => pascal(),
            Some("camelCase") => {
                let pascal = pascal();
                let mut chars = pascal.chars();
                let first = chars.next().map(|first| first.to_ascii_lowercase());
                first.into_iter().chain(chars).collect()
            }
            Some("kebab-case") => field.replace('_', "-"),
            Some("SCREAMING-KEBAB-CASE") => field.to_ascii_uppercase().replace('_', "-"),
            _ => field.to_owned(),
        }
    }
}

/// What serde's attributes of a field say.
#[derive(Default)]
struct SerdeField {
    rename: Option<String>,
    aliases: Vec<String>,
    may_be_absent: bool,
    is_flattened: bool,
}

impl SerdeField {
    fn read(attrs: &[Attribute]) -> Self {
        let mut field = Self::default();
        each_meta(attrs, |name, meta| {
            match name {
                "rename" => field.rename = deserialized_text(meta)?,
                "alias" => field.aliases.extend(deserialized_text(meta)?),
                "default" | "skip" | "skip_deserializing" => field.may_be_absent = true,
                "flatten" => field.is_flattened = true,
                _ => {}
            }
            skip_value(meta)
        });
        field
    }
}

/// Calls `read` for each part of the `serde` attributes. What it cannot read, serde reports.
fn each_meta(
    attrs: &[Attribute],
    mut read: impl FnMut(&str, &ParseNestedMeta<'_>) -> syn::Result<()>,
) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        let _ = attr.parse_nested_meta(|meta| {
            let name = meta.path.get_ident().map(Ident::to_string).unwrap_or_default();
            read(&name, &meta)
        });
    }
}

/// Returns the text of `name = ".."`, or that of `name(deserialize = "..")`.
fn deserialized_text(meta: &ParseNestedMeta<'_>) -> syn::Result<Option<String>> {
    if meta.input.peek(Token![=]) {
        return Ok(Some(meta.value()?.parse::<LitStr>()?.value()));
    }
    let mut text = None;
    if meta.input.peek(Paren) {
        meta.parse_nested_meta(|part| {
            let value = part.value()?.parse::<LitStr>()?.value();
            if part.path.is_ident("deserialize") {
                text = Some(value);
            }
            Ok(())
        })?;
    }
    Ok(text)
}

/// Steps over a value that does not matter.
fn skip_value(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<Expr>()?;
    } else if meta.input.peek(Paren) {
        let content;
        syn::parenthesized!(content in meta.input);
        content.parse::<TokenStream>()?;
    }
    Ok(())
}

/// Whether a field of this type may be absent, or the type is not known. An alias of an `Option` is not seen.
fn is_option_or_parameter(ty: &Type, parameters: &[&Ident]) -> bool {
    let path = match ty {
        Type::Group(group) => return is_option_or_parameter(&group.elem, parameters),
        Type::Paren(paren) => return is_option_or_parameter(&paren.elem, parameters),
        Type::Path(path) => &path.path,
        _ => return false,
    };
    if path.get_ident().is_some_and(|name| parameters.contains(&name)) {
        return true;
    }
    let Some(last) = path.segments.last() else { return false };
    // Serde reads what these hold in their place.
    if POINTERS.iter().any(|pointer| last.ident == pointer)
        && let PathArguments::AngleBracketed(arguments) = &last.arguments
        && let Some(GenericArgument::Type(inner)) = arguments.args.first()
    {
        return is_option_or_parameter(inner, parameters);
    }
    last.ident == "Option"
}

const POINTERS: [&str; 3] = ["Box", "Rc", "Arc"];
