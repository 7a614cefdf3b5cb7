//! What `tracing::instrument` has made of a function if it stands above a step: the body starts with a span whose
//! fields are the function's arguments, unless they are skipped.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;

use crate::{
    parse::{function::Function, typed_parameter::TypedParameter},
    tokens::idents,
};

/// The variable that has the span.
const SPAN: &str = "__tracing_attr_span";

/// Whether a typed parameter is written into the span.
pub fn records_parameter(function: &Function, parameters: &[TypedParameter]) -> bool {
    let Some(body) = function.body.as_ref().map(|body| body.block.stream()) else { return false };
    let Some(span) = find_span(body.clone()) else {
        // Another version of the attribute, which may do anything.
        let is_instrumented = |name: String| name.starts_with("__tracing");
        return !parameters.is_empty() && idents(body).any(|it| is_instrumented(it.to_string()));
    };
    let names = parameters.iter().flat_map(|parameter| idents(parameter.pat.to_token_stream()));
    let names: Vec<String> = names.map(|name| name.to_string()).collect();
    let tokens: Vec<TokenTree> = span.into_iter().collect();
    tokens.split(|tree| is_punct(tree, ',')).map(value_of).any(|value| names_one(value, &names))
}

/// Returns what stands in the parentheses of the `span!` that is bound to [`SPAN`].
fn find_span(tokens: TokenStream) -> Option<TokenStream> {
    let mut is_bound = false;
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Ident(ident) if ident == SPAN => {
                is_bound = trees.peek().is_some_and(|next| is_punct(next, '='));
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => is_bound = false,
            TokenTree::Group(group) if is_bound => return Some(group.stream()),
            TokenTree::Group(group) => {
                let found = find_span(group.stream());
                if found.is_some() {
                    return found;
                }
            }
            _ => {}
        }
    }
    None
}

/// Returns the value of one argument of `span!`: what follows `name =` or `target:`, or all of it.
fn value_of(argument: &[TokenTree]) -> &[TokenTree] {
    let name_end = argument.iter().position(|tree| is_punct(tree, '='));
    let label_end = match argument {
        [TokenTree::Ident(_), colon, other, ..]
            if is_punct(colon, ':') && !is_punct(other, ':') =>
        {
            Some(1)
        }
        _ => None,
    };
    name_end.or(label_end).map_or(argument, |end| &argument[end + 1..])
}

/// Whether a value names one of these variables.
fn names_one(value: &[TokenTree], names: &[String]) -> bool {
    value.iter().enumerate().any(|(index, tree)| match tree {
        TokenTree::Ident(ident) => {
            let in_path = index > 0 && is_punct(&value[index - 1], ':');
            !in_path && names.iter().any(|name| ident == name)
        }
        TokenTree::Group(group) => {
            let inside: Vec<TokenTree> = group.stream().into_iter().collect();
            names_one(&inside, names)
        }
        _ => false,
    })
}

fn is_punct(tree: &TokenTree, wanted: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn only_what_the_span_has_is_recorded() {
        let recorded = |body: TokenStream| {
            let span = find_span(body);
            span.is_some_and(|span| {
                let tokens: Vec<TokenTree> = span.into_iter().collect();
                let mut values = tokens.split(|tree| is_punct(tree, ',')).map(value_of);
                values.any(|value| names_one(value, &["db".to_owned()]))
            })
        };
        let span = |fields: TokenStream| {
            quote! {
                let __tracing_attr_span;
                if ::tracing::level_enabled!(::tracing::Level::INFO) {
                    __tracing_attr_span = ::tracing::span!(
                        target: module_path!(), ::tracing::Level::INFO, "db", #fields
                    );
                }
                { connect(db) }
            }
        };
        for fields in [
            quote!(db = ::tracing::field::debug(&db)),
            quote!(rows = rows, db = db),
            quote!(user = %db.user),
            quote!(db.user),
            quote!(?db),
        ] {
            assert!(recorded(span(fields.clone())), "{fields}");
        }
        for fields in [
            quote!(),
            quote!(rows = rows),
            quote!(db = "prod"),
            quote!(db.name = "prod"),
            quote!(kind = crate::db::KIND),
        ] {
            assert!(!recorded(span(fields.clone())), "{fields}");
        }
        let own = quote!({
            let _span = ::tracing::span!(::tracing::Level::INFO, "own", db = ?db);
        });
        assert!(!recorded(own));
    }
}
