use proc_macro2::TokenStream;
use syn::{Attribute, Meta};

use crate::{args, expand::Kind, function::Function, path::idents, place::Place, report::Report};

/// Takes the step's other attribute off the function, and gives its arguments: both are one step. One more of
/// the same kind is a mistake. An attribute of another crate that bears one of the names is left alone.
pub fn take(kind: Kind, function: &mut Function, report: &mut Report) -> Vec<TokenStream> {
    let mut taken = Vec::new();
    let mut seen = vec![kind];
    function.attrs.retain(|attr| {
        let Some((found, arguments)) = ours(attr) else { return true };
        if seen.contains(&found) {
            let at = Place::of_tokens(quote::quote!(#attr));
            let message = format!("a function has one `#[{found}]`, and this is another one");
            report.add(at, message, "move its arguments into the first one, and remove it");
        } else {
            seen.push(found);
            taken.push(arguments);
        }
        false
    });
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
/// `task` is a name that others have too: it is ours only with an argument of ours, and stays where it is
/// otherwise. If it is ours and has no arguments, it finds a step when it is expanded, and does nothing.
fn ours(attr: &Attribute) -> Option<(Kind, TokenStream)> {
    let path = attr.path();
    let last = path.segments.last()?;
    let qualified = path.segments.len() > 1;
    let of_runtime = qualified
        && path
            .segments
            .iter()
            .rev()
            .nth(1)
            .is_some_and(|segment| segment.ident == "secrets_runtime");
    let arguments = match &attr.meta {
        Meta::Path(_) => TokenStream::new(),
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(_) => return None,
    };
    let kind = match last.ident.to_string().as_str() {
        "secrets" => Kind::Secrets,
        "task" => Kind::Task,
        _ => return None,
    };
    let is_ours = of_runtime
        || args::are_ours(arguments.clone())
        || (kind == Kind::Secrets && !qualified && arguments.is_empty());
    is_ours.then_some((kind, arguments))
}
