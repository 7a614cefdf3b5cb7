use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Attribute, Signature, Visibility,
    parse::{ParseStream, Parser as _},
};

use crate::parse::context_call::{self, ContextCall, Insertions};

/// A function. Its body stays unparsed tokens, which only the compiler reads.
pub struct Function {
    pub attrs: Vec<Attribute>,
    pub vis: Visibility,
    pub signature: Signature,
    /// The body; `None` for a method that a trait declares without one.
    pub body: Option<Body>,
}

/// The body of a function.
pub struct Body {
    /// The inner attributes `#![..]`, which must stay at the start of the body.
    pub inner: TokenStream,
    /// The rest, with the spans of the user's braces.
    pub block: Group,
}

impl Function {
    /// Parses a function; returns `None` if the item is something else.
    pub fn parse(item: TokenStream) -> Option<Self> {
        let mut trees: Vec<TokenTree> = strip_invisible_group(item).into_iter().collect();
        let body = match trees.pop()? {
            TokenTree::Punct(punct) if punct.as_char() == ';' => None,
            tree => Some(Body::new(find_block(tree)?)),
        };
        let head = |input: ParseStream<'_>| {
            Ok((input.call(Attribute::parse_outer)?, input.parse()?, input.parse()?))
        };
        let (attrs, vis, signature) = head.parse2(trees.into_iter().collect()).ok()?;
        Some(Self { attrs, vis, signature, body })
    }

    /// Puts statements before the literals of the calls that read secrets in the body.
    pub fn rewrite_body(&mut self, check: &mut dyn FnMut(&ContextCall) -> Insertions) {
        if let Some(body) = &mut self.body
            && !context_call::changes_context(body.block.stream())
            && let Some(content) = context_call::rewrite(body.block.stream(), check)
        {
            let mut block = Group::new(Delimiter::Brace, content);
            block.set_span(body.block.span());
            body.block = block;
        }
    }

    /// Returns the function with another body.
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

    /// Returns the body without its inner attributes, after these tokens.
    pub fn block_after(&self, prelude: TokenStream) -> Group {
        let mut tokens = prelude;
        tokens.extend(self.block.stream());
        let mut block = Group::new(Delimiter::Brace, tokens);
        block.set_span(self.block.span());
        block
    }

    /// Returns a body of these tokens, after the inner attributes.
    pub fn with_content(&self, tokens: TokenStream) -> Group {
        let mut all = self.inner.clone();
        all.extend(tokens);
        let mut block = Group::new(Delimiter::Brace, all);
        block.set_span(self.block.span());
        block
    }

    /// Returns the whole body with these tokens inserted after the inner attributes.
    pub fn with_prelude(&self, prelude: TokenStream) -> Group {
        let mut tokens = prelude;
        tokens.extend(self.block.stream());
        self.with_content(tokens)
    }
}

/// Returns the tokens of an item without the invisible group that `macro_rules` puts around it.
fn strip_invisible_group(tokens: TokenStream) -> TokenStream {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::None => {
            strip_invisible_group(group.stream())
        }
        _ => tokens,
    }
}

/// Returns the braces of a body, which are in an invisible group if they come from `macro_rules`.
fn find_block(tree: TokenTree) -> Option<Group> {
    match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            let mut trees = group.stream().into_iter();
            match (trees.next(), trees.next()) {
                (Some(tree), None) => find_block(tree),
                _ => None,
            }
        }
        _ => None,
    }
}

fn is_punct(tree: &TokenTree, wanted: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == wanted)
}
