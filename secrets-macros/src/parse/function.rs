use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Attribute, Signature, Visibility,
    parse::{ParseStream, Parser as _},
};

/// A function whose body is left as it is written: what is in it is the compiler's business.
pub struct Function {
    pub attrs: Vec<Attribute>,
    pub vis: Visibility,
    pub signature: Signature,
    /// `None` for a method that a trait only declares.
    pub body: Option<Body>,
}

/// A function's body.
pub struct Body {
    /// `#![..]` at its start, which stay in front of whatever is put there.
    pub inner: TokenStream,
    /// The rest, in the user's own braces.
    pub block: Group,
}

impl Function {
    /// Reads a function; `None` if the item is something else.
    pub fn parse(item: TokenStream) -> Option<Self> {
        let mut trees: Vec<TokenTree> = visible(item).into_iter().collect();
        let body = match trees.pop()? {
            TokenTree::Punct(punct) if punct.as_char() == ';' => None,
            tree => Some(Body::new(block(tree)?)),
        };
        let head = |input: ParseStream<'_>| {
            Ok((input.call(Attribute::parse_outer)?, input.parse()?, input.parse()?))
        };
        let (attrs, vis, signature) = head.parse2(trees.into_iter().collect()).ok()?;
        Some(Self { attrs, vis, signature, body })
    }

    /// The function with this in its body.
    pub fn with_body(&self, block: &Group) -> TokenStream {
        let mut tokens = TokenStream::new();
        for attr in &self.attrs {
            attr.to_tokens(&mut tokens);
        }
        self.vis.to_tokens(&mut tokens);
        self.signature.to_tokens(&mut tokens);
        block.to_tokens(&mut tokens);
        tokens
    }
}

impl Body {
    fn new(block: Group) -> Self {
        let mut trees = block.stream().into_iter().peekable();
        let mut inner = TokenStream::new();
        let mut rest = TokenStream::new();
        while let Some(hash) = trees.next_if(|tree| is_punct(tree, '#')) {
            match (trees.next_if(|tree| is_punct(tree, '!')), trees.next()) {
                (Some(bang), Some(group)) => inner.extend([hash, bang, group]),
                (_, next) => {
                    rest.extend([hash].into_iter().chain(next));
                    break;
                }
            }
        }
        if inner.is_empty() {
            return Self { inner, block };
        }
        rest.extend(trees);
        let mut group = Group::new(Delimiter::Brace, rest);
        group.set_span(block.span());
        Self { inner, block: group }
    }

    /// The body with these tokens at its start.
    pub fn after(&self, prelude: TokenStream) -> Group {
        let mut tokens = prelude;
        tokens.extend(self.block.stream());
        let mut block = Group::new(Delimiter::Brace, tokens);
        block.set_span(self.block.span());
        block
    }

    /// These tokens in the body's place.
    pub fn replaced(&self, tokens: TokenStream) -> Group {
        let mut all = self.inner.clone();
        all.extend(tokens);
        let mut block = Group::new(Delimiter::Brace, all);
        block.set_span(self.block.span());
        block
    }

    /// The body as it was, with these tokens at its start.
    pub fn restored(&self, prelude: TokenStream) -> Group {
        let mut tokens = prelude;
        tokens.extend(self.block.stream());
        self.replaced(tokens)
    }
}

/// An item that comes through `macro_rules` is in an invisible group.
fn visible(tokens: TokenStream) -> TokenStream {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::None => {
            visible(group.stream())
        }
        _ => tokens,
    }
}

/// The braces of a body, which are in an invisible group if they come through `macro_rules`.
fn block(tree: TokenTree) -> Option<Group> {
    match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            let mut trees = group.stream().into_iter();
            match (trees.next(), trees.next()) {
                (Some(tree), None) => block(tree),
                _ => None,
            }
        }
        _ => None,
    }
}

fn is_punct(tree: &TokenTree, wanted: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == wanted)
}
