use proc_macro2::{Ident, TokenStream, TokenTree};

/// Iterates over all identifiers in the tokens, inside groups too.
pub fn idents(tokens: TokenStream) -> impl Iterator<Item = Ident> {
    let mut stack = vec![tokens.into_iter()];
    std::iter::from_fn(move || {
        while let Some(top) = stack.last_mut() {
            match top.next() {
                Some(TokenTree::Ident(ident)) => return Some(ident),
                Some(TokenTree::Group(group)) => stack.push(group.stream().into_iter()),
                Some(_) => {}
                None => {
                    stack.pop();
                }
            }
        }
        None
    })
}

/// Formats the tokens of a type without the spaces that `Display` puts between them.
pub fn to_source(tokens: &TokenStream) -> String {
    let text = tokens.to_string();
    [
        (" < ", "<"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        (" :: ", "::"),
        (":: ", "::"),
    ]
    .iter()
    .fold(text, |text, (from, to)| text.replace(from, to))
}
