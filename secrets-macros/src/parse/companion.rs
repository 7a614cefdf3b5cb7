use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Attribute, Meta, parse_quote};

use crate::{
    attribute_kind::AttributeKind,
    parse::{attribute_args, function::Function},
    report::Report,
    span::SourceSpan,
    tokens::idents,
};

/// What is left in an attribute whose arguments have been taken: it stays, since the import of its name would
/// be unused without it, and does nothing.
pub const JOINED: &str = "__joined";

/// Takes the arguments of the step's other attribute: both are one step. One more of the same kind is a
/// mistake. An attribute of another crate that bears one of the names is left alone.
///
/// `runtime` is the path that the `crate` argument gives.
pub fn take(
    kind: AttributeKind,
    function: &mut Function,
    runtime: Option<&TokenStream>,
    report: &mut Report,
) -> Vec<TokenStream> {
    let mut taken = Vec::new();
    let mut seen = vec![kind];
    for attr in &mut function.attrs {
        let Some((found, arguments)) = ours(attr, runtime) else { continue };
        if seen.contains(&found) {
            let at = SourceSpan::of_tokens(quote!(#attr));
            let message = format!("a function has one `#[{found}]`, and this is another one");
            report.add(at, message, "move its arguments into the first one, and remove it");
        } else {
            seen.push(found);
            taken.push(arguments);
        }
        let path = attr.path();
        let joined = Ident::new(JOINED, Span::call_site());
        attr.meta = parse_quote!(#path(#joined));
    }
    taken
}

/// Whether one of our attributes has made this function a step already.
pub fn is_step(function: &Function) -> bool {
    has_ident(function, |name| name == "__SECRETS_STEP")
}

/// Whether `tracing::instrument` has rewritten this function already.
pub fn is_instrumented(function: &Function) -> bool {
    has_ident(function, |name| name.starts_with("__tracing"))
}

fn has_ident(function: &Function, wanted: impl Fn(&str) -> bool) -> bool {
    let Some(body) = &function.body else { return false };
    idents(body.block.stream()).any(|ident| wanted(&ident.to_string()))
}

/// Which of the two an attribute is, and its arguments.
///
/// `task` is a name that others have too: it is ours only with an argument of ours, and stays as it is
/// otherwise. If it is ours and has no arguments, it finds a step when it is expanded, and does nothing.
fn ours(attr: &Attribute, runtime: Option<&TokenStream>) -> Option<(AttributeKind, TokenStream)> {
    let mut path = attr.path().clone();
    let kind = match path.segments.pop()?.ident.to_string().as_str() {
        "secrets" => AttributeKind::Secrets,
        "task" => AttributeKind::Task,
        _ => return None,
    };
    let arguments = match &attr.meta {
        Meta::Path(_) => TokenStream::new(),
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(_) => return None,
    };
    path.segments.pop_punct();
    let is_ours = match path.segments.last() {
        None => kind == AttributeKind::Secrets || attribute_args::are_ours(arguments.clone()),
        Some(of) if of.ident == "secrets_runtime" => true,
        Some(_) => runtime.is_some_and(|runtime| runtime.to_string() == quote!(#path).to_string()),
    };
    is_ours.then_some((kind, arguments))
}
