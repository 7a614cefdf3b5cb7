use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use secrets_spec::{
    FieldName, Node, SOURCE_FIELDS, SourceDraft, TextNode, Value, closest, read_source,
};
use syn::{
    Attribute, FnArg, GenericArgument, Meta, Pat, PatType, PathArguments, Signature, Type,
    TypeReference,
    buffer::{Cursor, TokenBuffer},
    punctuated::Punctuated,
};

use crate::{
    parse::{
        cursor::{equals, field_name, skip_to_comma},
        value_reader::ValueReader,
    },
    span::SourceSpan,
    tokens::{idents, to_source},
};

/// A typed parameter: filled from a secret by the step, and not part of the signature that callers see.
pub struct TypedParameter {
    /// The source that the parameter declares or refers to.
    pub source: TextNode<SourceSpan>,
    /// The source that the parameter declares with fields. `source` is its group, or its id.
    pub declared: Option<SourceDraft<SourceSpan>>,
    /// The key, if the parameter is a single field.
    pub key: Option<TextNode<SourceSpan>>,
    pub pat: Pat,
    pub ty: Type,
    /// The other attributes of the parameter.
    pub attrs: Vec<Attribute>,
}

/// Removes the typed parameters from the signature. Those with mistakes are removed too, so that calls of the
/// function cause no further errors.
pub fn take(signature: &mut Signature, reader: &mut ValueReader<'_>) -> Vec<TypedParameter> {
    if !signature.inputs.iter().any(|input| attrs(input).iter().any(is_secret)) {
        return Vec::new();
    }
    let mut parameters = Vec::new();
    let mut others = Punctuated::new();
    for pair in std::mem::take(&mut signature.inputs).into_pairs() {
        let (mut input, comma) = pair.into_tuple();
        match &mut input {
            FnArg::Typed(argument) if argument.attrs.iter().any(is_secret) => {
                if let Some(parameter) = read(argument, reader) {
                    parameters.push(parameter);
                    continue;
                }
            }
            FnArg::Receiver(receiver) => {
                for attr in receiver.attrs.extract_if(.., |attr| is_secret(attr)) {
                    let at = SourceSpan::of_tokens(quote!(#attr));
                    let help = "remove the attribute, and write a parameter: #[secret(\"prod-db\")] db: Db";
                    reader.report.add(at, "`self` cannot be a secret", help);
                }
            }
            FnArg::Typed(_) => {}
        }
        others.push_value(input);
        if let Some(comma) = comma {
            others.push_punct(comma);
        }
    }
    signature.inputs = others;
    parameters
}

/// Reads a typed parameter. Returns `None` if it has to stay in the signature, since it has no type that can be
/// named.
fn read(argument: &mut PatType, reader: &mut ValueReader<'_>) -> Option<TypedParameter> {
    let secret: Vec<Attribute> = argument.attrs.extract_if(.., |attr| is_secret(attr)).collect();
    let attr = secret.first()?;
    let at = SourceSpan::of_tokens(quote!(#attr));
    for other in &secret[1..] {
        let at = SourceSpan::of_tokens(quote!(#other));
        reader.report.add(at, "a parameter is filled from one source", "remove this `#[secret]`");
    }
    for attr in &argument.attrs {
        if attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr") {
            let at = SourceSpan::of_tokens(quote!(#attr));
            let help =
                "put the `#[cfg]` on the whole function, and write the function once for each case";
            reader.report.add(at, "a typed parameter cannot be conditional (`#[cfg]`)", help);
        }
    }
    let ty = &argument.ty;
    let tokens = quote!(#ty);
    if idents(tokens.clone()).any(|ident| ident == "impl") {
        let help = "write the name of a type that implements `serde::Deserialize`";
        reader.report.add(
            SourceSpan::of_tokens(tokens),
            "a typed parameter needs a type by name",
            help,
        );
        return None;
    }
    if let Some(reference) = find_reference(ty) {
        let owned = reference.elem.to_token_stream();
        let help = match to_source(&owned).as_str() {
            "str" => String::from("write `String`, or better `SecretValue`"),
            owned => format!("write `{owned}`"),
        };
        let at = SourceSpan::of_tokens(reference.to_token_stream());
        reader.report.add(at, "a typed parameter owns its value", help);
    }
    let mut arguments = SecretArgs { source: None, declared: None, key: None };
    match &attr.meta {
        Meta::List(list) => {
            let before = reader.report.len();
            arguments.read(list.tokens.clone(), reader);
            if arguments.source.is_none() && reader.report.len() == before {
                reader.report.add(at.clone(), "this does not say which secret", EXAMPLE);
            }
        }
        Meta::Path(_) => reader.report.add(at.clone(), "this does not say which secret", EXAMPLE),
        Meta::NameValue(_) => {
            reader.report.add(at.clone(), "the source goes into parentheses", EXAMPLE);
        }
    }
    Some(TypedParameter {
        source: arguments.source.unwrap_or(TextNode { known: None, at }),
        declared: arguments.declared,
        key: arguments.key,
        pat: (*argument.pat).clone(),
        ty: (*argument.ty).clone(),
        attrs: std::mem::take(&mut argument.attrs),
    })
}

const EXAMPLE: &str = "write #[secret(\"prod-db\")] or #[secret(\"prod-db\", key = \"password\")]";

/// The arguments of `#[secret(..)]`.
struct SecretArgs {
    source: Option<TextNode<SourceSpan>>,
    declared: Option<SourceDraft<SourceSpan>>,
    key: Option<TextNode<SourceSpan>>,
}

impl SecretArgs {
    fn read(&mut self, tokens: TokenStream, reader: &mut ValueReader<'_>) {
        let buffer = TokenBuffer::new2(tokens);
        let mut first = true;
        reader.read_comma_separated(buffer.begin(), |reader, cursor| {
            let after = match field_name(cursor).map(|(name, after)| (name, equals(after))) {
                Some((name, Some(after))) => self.read_named(name, after, reader),
                _ if first => {
                    let (node, after) = reader.read_value(cursor);
                    self.read_source(node, reader);
                    after
                }
                _ => {
                    reader.report.add(
                        SourceSpan::of(cursor.span()),
                        "only `key` can follow the source",
                        EXAMPLE,
                    );
                    skip_to_comma(cursor)
                }
            };
            first = false;
            after
        });
    }

    /// Reads a text, or a source with fields as in `sources`.
    fn read_source(&mut self, node: Node<SourceSpan>, reader: &mut ValueReader<'_>) {
        if !matches!(node.value, Value::Map(_)) {
            self.source = read_text("a source", node, reader);
            return;
        }
        self.declared = reader.report.collect(|out| read_source(&node, out));
        let named =
            self.declared.as_ref().map(|source| source.group.as_ref().unwrap_or(&source.id));
        self.source = named.cloned();
    }

    fn read_named<'c>(
        &mut self,
        name: FieldName<SourceSpan>,
        after: Cursor<'c>,
        reader: &mut ValueReader<'_>,
    ) -> Cursor<'c> {
        if name.text != "key" {
            let help = match closest(&name.text, ["key"]) {
                Some(better) => format!("did you mean `{better}`?"),
                None if ["source", "id"].contains(&name.text.as_str()) => String::from(
                    "the source stands first and without a name: #[secret(\"prod-db\")]",
                ),
                None if SOURCE_FIELDS.contains(&name.text.as_str()) => format!(
                    "it belongs to the source: #[secret({{ id = \"prod-db\", {} = .. }})]",
                    name.text
                ),
                None => String::from(EXAMPLE),
            };
            reader.report.add(name.at, format!("unknown argument `{}`", name.text), help);
            return skip_to_comma(after);
        }
        if self.key.is_some() {
            reader.report.add(
                name.at,
                "the argument `key` is given twice",
                "remove one of the two",
            );
            return skip_to_comma(after);
        }
        let (node, after) = reader.read_value_after(&name, after);
        self.key = read_text("a key", node, reader);
        after
    }
}

fn read_text(
    noun: &str,
    node: Node<SourceSpan>,
    reader: &mut ValueReader<'_>,
) -> Option<TextNode<SourceSpan>> {
    match node.value {
        Value::Text(text) => Some(TextNode { known: Some(text), at: node.at }),
        Value::Constant => Some(TextNode { known: None, at: node.at }),
        Value::Broken => None,
        other => {
            reader.report.add(
                node.at,
                format!("{noun} is a text, not {}", other.describe()),
                EXAMPLE,
            );
            None
        }
    }
}

/// Returns the type itself if it is a reference, or the first reference inside a tuple, an array or a common
/// container. Only the compiler knows what other types contain.
fn find_reference(ty: &Type) -> Option<&TypeReference> {
    match ty {
        Type::Reference(reference) => Some(reference),
        Type::Group(group) => find_reference(&group.elem),
        Type::Paren(paren) => find_reference(&paren.elem),
        Type::Array(array) => find_reference(&array.elem),
        Type::Tuple(tuple) => tuple.elems.iter().find_map(find_reference),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
            if !CONTAINERS.iter().any(|name| last.ident == name) {
                return None;
            }
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => find_reference(ty),
                _ => None,
            })
        }
        _ => None,
    }
}

const CONTAINERS: &[&str] = &["Option", "Vec", "Box", "HashMap", "BTreeMap"];

fn attrs(input: &FnArg) -> &[Attribute] {
    match input {
        FnArg::Receiver(receiver) => &receiver.attrs,
        FnArg::Typed(argument) => &argument.attrs,
    }
}

fn is_secret(attr: &Attribute) -> bool {
    attr.path().is_ident("secret")
}
