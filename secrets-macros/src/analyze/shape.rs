use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    GenericArgument, Path, PathArguments, ReturnType, Type, TypeParamBound, spanned::Spanned as _,
};

use crate::{
    mistakes::Mistakes,
    parse::function::Function,
    span::SourceSpan,
    tokens::{idents, to_source},
};

/// How a step runs, and the type of its result.
pub struct Shape {
    pub kind: ShapeKind,
    /// The type that the body returns, or that its future resolves to.
    pub result: Type,
}

/// The ways in which a step can run.
pub enum ShapeKind {
    /// `fn`.
    Sync,
    /// `async fn`.
    Async,
    /// A function that ends with `Box::pin(async move { .. })`, as `async_trait` generates.
    Boxed(BoxedBody),
}

impl Shape {
    /// Returns the shape of a function, or reports why it cannot be a step.
    pub fn of(function: &Function, report: &mut Mistakes) -> Option<Self> {
        let signature = &function.signature;
        let before = report.len();
        if let Some(token) = &signature.constness {
            let help = "remove `const`: secrets are fetched when the function runs";
            report.add(SourceSpan::of(token.span), "a `const fn` cannot be a step", help);
        }
        if let Some(abi) = &signature.abi {
            let help = "write the step as a function without `extern`, and call it from this one";
            report.add(span_of(abi), "an `extern` function cannot be a step", help);
        }
        let name = SourceSpan::of(signature.ident.span());
        let Some(body) = &function.body else {
            let help = "put the attribute where a body is: on the method in each `impl`, or on a function that calls this one";
            report.add(name, "a function without a body cannot be a step", help);
            return None;
        };
        let ty = match &signature.output {
            ReturnType::Type(_, ty) => strip_parens(ty),
            ReturnType::Default => {
                report.add(
                    name,
                    "a step returns a `Result`, since a secret may be missing",
                    RESULT_HELP,
                );
                return None;
            }
        };
        let is_hidden = matches!(ty, Type::ImplTrait(_))
            && (signature.asyncness.is_some() || future_output(ty).is_none());
        if is_unit_or_never(ty) || is_hidden {
            report.add(
                span_of(ty),
                "a step returns a `Result`, since a secret may be missing",
                RESULT_HELP,
            );
        }
        if report.len() > before {
            return None;
        }
        if signature.asyncness.is_some() {
            return Some(Self { kind: ShapeKind::Async, result: ty.clone() });
        }
        let Some(output) = future_output(ty) else {
            return Some(Self { kind: ShapeKind::Sync, result: ty.clone() });
        };
        match BoxedBody::find(&body.block) {
            Some(boxed) if !matches!(ty, Type::ImplTrait(_)) => {
                if is_unit_or_never(&output) {
                    report.add(
                        name,
                        "a step returns a `Result`, since a secret may be missing",
                        RESULT_HELP,
                    );
                    return None;
                }
                Some(Self { kind: ShapeKind::Boxed(boxed), result: output })
            }
            _ => {
                let (name, output) = (&signature.ident, output.to_token_stream());
                let help = format!("write async fn {name}(..) -> {}", to_source(&output));
                report.add(span_of(ty), "a step that returns a future is an `async fn`", help);
                None
            }
        }
    }

    /// Whether the step returns a future.
    pub fn is_async(&self) -> bool {
        !matches!(self.kind, ShapeKind::Sync)
    }

    /// Returns the result type with `_` for every `impl Trait`, which is not allowed inside a body.
    pub fn result_in_body(&self) -> Type {
        infer_impl_trait(&self.result)
    }

    /// Whether the result type contains `impl Trait`.
    pub fn is_opaque(&self) -> bool {
        is_opaque(&self.result)
    }
}

/// Whether a type contains `impl Trait`.
pub fn is_opaque(ty: &Type) -> bool {
    idents(ty.to_token_stream()).any(|ident| ident == "impl")
}

/// Returns the value's type in `Result<value, error>`, or the error's, if it is written.
pub fn part_of_result(result: &Type, index: usize) -> Option<&Type> {
    let Type::Path(path) = strip_parens(result) else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else {
        return None;
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(strip_parens(ty)),
        _ => None,
    });
    types.into_iter().nth(index)
}

const RESULT_HELP: &str = "write -> Result<(), secrets_runtime::Error>, or -> anyhow::Result<()>";

/// A body that ends with `Box::pin(async move { .. })`.
pub struct BoxedBody {
    /// Everything before the parentheses of the call.
    head: Vec<TokenTree>,
    call: Group,
    /// `async move` or `async`.
    keywords: TokenStream,
    /// The block of the future.
    block: Group,
}

impl BoxedBody {
    fn find(body: &Group) -> Option<Self> {
        let mut head: Vec<TokenTree> = body.stream().into_iter().collect();
        let TokenTree::Group(call) = head.pop()? else { return None };
        match head.last()? {
            TokenTree::Ident(ident) if ident == "pin" => {}
            _ => return None,
        }
        let mut inside: Vec<TokenTree> = call.stream().into_iter().collect();
        if matches!(inside.last()?, TokenTree::Punct(comma) if comma.as_char() == ',') {
            inside.pop();
        }
        let TokenTree::Group(block) = inside.pop()? else { return None };
        let words: Vec<String> = inside.iter().map(ToString::to_string).collect();
        let is_async = words == ["async"] || words == ["async", "move"];
        (is_async && block.delimiter() == Delimiter::Brace).then(|| Self {
            head,
            call,
            keywords: inside.into_iter().collect(),
            block,
        })
    }

    /// Returns the block of the future.
    pub fn content(&self) -> &Group {
        &self.block
    }

    /// Returns `async move` or `async`.
    pub fn keywords(&self) -> &TokenStream {
        &self.keywords
    }

    /// Returns the body with another block in the future.
    pub fn with(&self, content: TokenStream) -> TokenStream {
        let mut block = Group::new(Delimiter::Brace, content);
        block.set_span(self.block.span());
        let keywords = &self.keywords;
        let mut call = Group::new(Delimiter::Parenthesis, quote!(#keywords #block));
        call.set_span(self.call.span());
        self.head.iter().cloned().chain([TokenTree::from(call)]).collect()
    }
}

fn span_of(tokens: &impl ToTokens) -> SourceSpan {
    SourceSpan::of_tokens(tokens.to_token_stream())
}

/// Returns the type with `_` for every `impl Trait`.
pub fn infer_impl_trait(ty: &Type) -> Type {
    let mut ty = ty.clone();
    replace_impl_trait(&mut ty);
    ty
}

/// Returns the type inside invisible groups and parentheses.
pub fn strip_parens(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => strip_parens(&group.elem),
        Type::Paren(paren) => strip_parens(&paren.elem),
        _ => ty,
    }
}

fn is_unit_or_never(ty: &Type) -> bool {
    match strip_parens(ty) {
        Type::Tuple(tuple) => tuple.elems.is_empty(),
        Type::Never(_) => true,
        _ => false,
    }
}

/// Returns the output `R` of `impl Future<Output = R>`, `Pin<Box<dyn Future<Output = R>>>` or `BoxFuture<'_, R>`.
fn future_output(ty: &Type) -> Option<Type> {
    match strip_parens(ty) {
        Type::ImplTrait(ty) => ty.bounds.iter().find_map(bound_output),
        Type::TraitObject(ty) => ty.bounds.iter().find_map(bound_output),
        Type::Path(ty) => {
            let last = ty.path.segments.last()?;
            match last.ident.to_string().as_str() {
                "Pin" | "Box" => last_type(&ty.path).and_then(future_output),
                "BoxFuture" | "LocalBoxFuture" => last_type(&ty.path).cloned(),
                _ => None,
            }
        }
        _ => None,
    }
}

fn bound_output(bound: &TypeParamBound) -> Option<Type> {
    let TypeParamBound::Trait(bound) = bound else { return None };
    let last = bound.path.segments.last().filter(|last| last.ident == "Future")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(output) if output.ident == "Output" => Some(output.ty.clone()),
        _ => None,
    })
}

fn last_type(path: &Path) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &path.segments.last()?.arguments else {
        return None;
    };
    arguments.args.iter().rev().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

fn replace_impl_trait(ty: &mut Type) {
    match ty {
        Type::ImplTrait(_) => *ty = syn::parse_quote_spanned!(ty.span()=> _),
        Type::Group(ty) => replace_impl_trait(&mut ty.elem),
        Type::Paren(ty) => replace_impl_trait(&mut ty.elem),
        Type::Reference(ty) => replace_impl_trait(&mut ty.elem),
        Type::Ptr(ty) => replace_impl_trait(&mut ty.elem),
        Type::Array(ty) => replace_impl_trait(&mut ty.elem),
        Type::Slice(ty) => replace_impl_trait(&mut ty.elem),
        Type::Tuple(ty) => ty.elems.iter_mut().for_each(replace_impl_trait),
        Type::Path(ty) => {
            for segment in &mut ty.path.segments {
                if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
                    for argument in &mut arguments.args {
                        if let GenericArgument::Type(ty) = argument {
                            replace_impl_trait(ty);
                        }
                    }
                }
            }
        }
        _ => {}
    }
}
