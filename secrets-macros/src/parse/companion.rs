use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Attribute, Meta, parse_quote};

use crate::{
    attribute_kind::AttributeKind,
    mistakes::Mistakes,
    parse::{attribute_args, function::Function},
    runtime_crate::RuntimeCrate,
    span::SourceSpan,
    tokens::idents,
};

/// The argument that marks an attribute whose arguments have been taken. The attribute does nothing, but stays so
/// that the import of its name is still used.
pub const TAKEN: &str = "__joined";

/// Takes the arguments of the other attribute of a step, since both make one step. Reports a second attribute of the
/// same kind. Attributes of other crates with one of the two names are left alone.
///
/// `runtime` is the path in the `crate` argument.
pub fn take(
    kind: AttributeKind,
    function: &mut Function,
    runtime: Option<&TokenStream>,
    report: &mut Mistakes,
) -> Vec<TokenStream> {
    let mut taken = Vec::new();
    let mut seen = vec![kind];
    for attr in &mut function.attrs {
        let Some((found, arguments)) = parse_step_attribute(attr, runtime) else { continue };
        if seen.contains(&found) {
            let at = SourceSpan::of_tokens(quote!(#attr));
            let message = format!("a function has one `#[{found}]`, and this is another one");
            report.add(at, message, "move its arguments into the first one, and remove it");
        } else {
            seen.push(found);
            taken.push(arguments);
        }
        let path = attr.path();
        let joined = Ident::new(TAKEN, Span::call_site());
        attr.meta = parse_quote!(#path(#joined));
    }
    taken
}

/// The findings about the words of a body, which is searched once.
pub struct BodyWords {
    /// Whether another attribute has already made this function a step.
    pub is_step: bool,
    /// Whether the body reads the current context.
    pub reads_context: bool,
}

impl BodyWords {
    pub fn of(function: &Function) -> Self {
        let mut words = Self { is_step: false, reads_context: false };
        let body = function.body.as_ref().map(|body| body.block.stream());
        for ident in idents(body.unwrap_or_default()) {
            match ident.to_string().as_str() {
                "__SECRETS_STEP" => words.is_step = true,
                "current_context" => words.reads_context = true,
                _ => {}
            }
        }
        words
    }
}

/// Returns the kind and the arguments of an attribute of this crate.
///
/// Other crates have a `task` attribute too, so one without a path counts only if it has an argument of a step. A
/// `task` of this crate without arguments still works: when it expands, the function is a step already, and it does
/// nothing.
fn parse_step_attribute(
    attr: &Attribute,
    runtime: Option<&TokenStream>,
) -> Option<(AttributeKind, TokenStream)> {
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
        None => {
            kind == AttributeKind::Secrets || attribute_args::has_step_argument(arguments.clone())
        }
        Some(of) if RuntimeCrate::of_compiler().is_name(&of.ident) => true,
        Some(_) => runtime.is_some_and(|runtime| runtime.to_string() == quote!(#path).to_string()),
    };
    is_ours.then_some((kind, arguments))
}
