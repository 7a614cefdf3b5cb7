use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    GenericArgument, Path, PathArguments, ReturnType, Type, TypeParamBound, spanned::Spanned as _,
};

use crate::{
    parse::function::Function,
    report::Report,
    span::SourceSpan,
    tokens::{idents, to_source},
};

/// How a step runs, and what it returns when it has run.
pub struct Shape {
    pub kind: ShapeKind,
    /// The type that the body gives.
    pub result: Type,
}

pub enum ShapeKind {
    /// `fn`.
    Sync,
    /// `async fn`.
    Async,
    /// A function that ends in `Box::pin(async move { .. })`, as `async_trait` writes them.
    Boxed(BoxedBody),
}

impl Shape {
    /// The shape of a function that can be a step; of another one, the reason is reported.
    pub fn of(function: &Function, report: &mut Report) -> Option<Self> {
        let signature = &function.signature;
        let before = report.len();
        if let Some(token) = &signature.constness {
            let help = "remove `const`: secrets are fetched when the function runs";
            report.add(SourceSpan::of(token.span), "a `const fn` cannot be a step", help);
        }
        if let Some(abi) = &signature.abi {
            let help = "write the step as a function without `extern`, and call it from this one";
            report.add(place(abi), "an `extern` function cannot be a step", help);
        }
        let name = SourceSpan::of(signature.ident.span());
        let Some(body) = &function.body else {
            let help = "put the attribute where a body is: on the method in each `impl`, or on a function that calls this one";
            report.add(name, "a function without a body cannot be a step", help);
            return None;
        };
        let ty = match &signature.output {
            ReturnType::Type(_, ty) => peeled(ty),
            ReturnType::Default => {
                report.add(
                    name,
                    "a step returns a `Result`, since a secret may be missing",
                    RESULT,
                );
                return None;
            }
        };
        let is_hidden = matches!(ty, Type::ImplTrait(_))
            && (signature.asyncness.is_some() || future_output(ty).is_none());
        if is_nothing(ty) || is_hidden {
            report.add(
                place(ty),
                "a step returns a `Result`, since a secret may be missing",
                RESULT,
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
                if is_nothing(&output) {
                    report.add(
                        name,
                        "a step returns a `Result`, since a secret may be missing",
                        RESULT,
                    );
                    return None;
                }
                Some(Self { kind: ShapeKind::Boxed(boxed), result: output })
            }
            _ => {
                let (name, output) = (&signature.ident, output.to_token_stream());
                let help = format!("write async fn {name}(..) -> {}", to_source(&output));
                report.add(place(ty), "a step that returns a future is an `async fn`", help);
                None
            }
        }
    }

    pub fn is_async(&self) -> bool {
        !matches!(self.kind, ShapeKind::Sync)
    }

    /// The result's type with `_` for every `impl Trait` in it, as it may stand inside a body.
    pub fn inferred(&self) -> Type {
        inferred(&self.result)
    }

    /// Whether there is an `impl Trait` in the result's type.
    pub fn is_opaque(&self) -> bool {
        idents(self.result.to_token_stream()).any(|ident| ident == "impl")
    }
}

const RESULT: &str = "write -> Result<(), secrets_runtime::Error>, or -> anyhow::Result<()>";

/// `Box::pin(async move { .. })` at the end of a body.
pub struct BoxedBody {
    /// What is before the call's parentheses.
    head: Vec<TokenTree>,
    call: Group,
    /// `async move`, or `async` alone.
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

    /// What the future does.
    pub fn content(&self) -> &Group {
        &self.block
    }

    /// `async move`, or `async` alone.
    pub fn keywords(&self) -> &TokenStream {
        &self.keywords
    }

    /// The body with a future that does this instead.
    pub fn with(&self, content: TokenStream) -> TokenStream {
        let mut block = Group::new(Delimiter::Brace, content);
        block.set_span(self.block.span());
        let keywords = &self.keywords;
        let mut call = Group::new(Delimiter::Parenthesis, quote!(#keywords #block));
        call.set_span(self.call.span());
        self.head.iter().cloned().chain([TokenTree::from(call)]).collect()
    }
}

fn place(tokens: &impl ToTokens) -> SourceSpan {
    SourceSpan::of_tokens(tokens.to_token_stream())
}

/// A type with `_` for every `impl Trait` in it.
pub fn inferred(ty: &Type) -> Type {
    let mut ty = ty.clone();
    infer(&mut ty);
    ty
}

/// The type inside invisible groups and parentheses.
pub fn peeled(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => peeled(&group.elem),
        Type::Paren(paren) => peeled(&paren.elem),
        _ => ty,
    }
}

fn is_nothing(ty: &Type) -> bool {
    match peeled(ty) {
        Type::Tuple(tuple) => tuple.elems.is_empty(),
        Type::Never(_) => true,
        _ => false,
    }
}

/// What a future gives: of `impl Future<Output = R>`, `Pin<Box<dyn Future<Output = R>>>`, `BoxFuture<'_, R>`.
fn future_output(ty: &Type) -> Option<Type> {
    match peeled(ty) {
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

fn infer(ty: &mut Type) {
    match ty {
        Type::ImplTrait(_) => *ty = syn::parse_quote_spanned!(ty.span()=> _),
        Type::Group(ty) => infer(&mut ty.elem),
        Type::Paren(ty) => infer(&mut ty.elem),
        Type::Reference(ty) => infer(&mut ty.elem),
        Type::Ptr(ty) => infer(&mut ty.elem),
        Type::Array(ty) => infer(&mut ty.elem),
        Type::Slice(ty) => infer(&mut ty.elem),
        Type::Tuple(ty) => ty.elems.iter_mut().for_each(infer),
        Type::Path(ty) => {
            for segment in &mut ty.path.segments {
                if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
                    for argument in &mut arguments.args {
                        if let GenericArgument::Type(ty) = argument {
                            infer(ty);
                        }
                    }
                }
            }
        }
        _ => {}
    }
}
