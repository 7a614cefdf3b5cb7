use std::fmt;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::{buffer::Cursor, ext::IdentExt as _};

use crate::{span::SourceSpan, tokens::idents};

/// A path to a constant: `NAME`, `crate::names::NAME`, `<Config as Names>::NAME`.
pub struct ConstPath {
    tokens: TokenStream,
    /// The identifiers outside angle brackets, in order.
    segments: Vec<Ident>,
    /// The identifiers that may be type parameters: the first one, and those in angle brackets.
    types: Vec<Ident>,
    start: Span,
    end: Span,
}

impl ConstPath {
    /// Reads a path; returns `None` if there is none.
    pub fn read(cursor: Cursor<'_>) -> Option<(Self, Cursor<'_>)> {
        let start = cursor.span();
        let (tokens, segments, types) = (TokenStream::new(), Vec::new(), Vec::new());
        let mut path = Self { tokens, segments, types, start, end: start };
        let mut cursor = path.angles(cursor);
        if let Some(after) = path.colons(cursor) {
            cursor = after;
        } else if !path.tokens.is_empty() {
            return None;
        }
        loop {
            let (ident, after) = cursor.ident()?;
            if path.tokens.is_empty() {
                path.types.push(ident.clone());
            }
            path.segments.push(ident.clone());
            path.push(ident.into());
            cursor = after;
            let Some(after) = path.colons(cursor) else { return Some((path, cursor)) };
            let generic = path.angles(after);
            if generic == after {
                cursor = after;
                continue;
            }
            let Some(after) = path.colons(generic) else { return Some((path, generic)) };
            cursor = after;
        }
    }

    /// Returns the span of the path, with its tokens.
    pub fn span(&self) -> SourceSpan {
        SourceSpan { start: self.start, end: self.end, path: Some(self.tokens.clone()) }
    }

    /// Returns the tokens of the path.
    pub fn tokens(&self) -> &TokenStream {
        &self.tokens
    }

    /// Whether the path is only this identifier.
    pub fn is_word(&self, word: &str) -> bool {
        self.word().is_some_and(|only| only == word)
    }

    /// Returns the identifier of a path that has only one.
    pub fn word(&self) -> Option<String> {
        match self.segments.as_slice() {
            [word] if self.tokens.clone().into_iter().count() == 1 => {
                Some(word.unraw().to_string())
            }
            _ => None,
        }
    }

    /// Returns the last identifier.
    pub fn last(&self) -> String {
        self.segments.last().map(Ident::to_string).unwrap_or_default()
    }

    /// Whether this is the last identifier.
    pub fn ends_with(&self, name: &str) -> bool {
        self.segments.last().is_some_and(|last| last == name)
    }

    /// Returns the first identifier that a `static` cannot name: `Self`, or one of these generic parameters.
    pub fn unnameable(&self, generics: &[Ident]) -> Option<&Ident> {
        self.types.iter().find(|name| *name == "Self" || generics.contains(name))
    }

    fn push(&mut self, tree: TokenTree) {
        self.end = tree.span();
        self.tokens.extend([tree]);
    }

    /// Reads `::`, if it is next.
    fn colons<'c>(&mut self, cursor: Cursor<'c>) -> Option<Cursor<'c>> {
        let (first, after) = cursor.punct().filter(|(punct, _)| punct.as_char() == ':')?;
        let (second, after) = after.punct().filter(|(punct, _)| punct.as_char() == ':')?;
        self.push(first.into());
        self.push(second.into());
        Some(after)
    }

    /// Reads `<..>`, if it is next.
    fn angles<'c>(&mut self, start: Cursor<'c>) -> Cursor<'c> {
        let (mut cursor, mut depth) = (start, 0_usize);
        while let Some((tree, after)) = cursor.token_tree() {
            match &tree {
                TokenTree::Punct(punct) if punct.as_char() == '<' => depth += 1,
                TokenTree::Punct(punct) if punct.as_char() == '>' => {
                    depth = depth.saturating_sub(1)
                }
                _ => {}
            }
            if depth == 0 && cursor == start {
                break;
            }
            self.types.extend(idents(tree.clone().into()));
            self.push(tree);
            cursor = after;
            if depth == 0 {
                break;
            }
        }
        cursor
    }
}

impl fmt::Display for ConstPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.segments.iter().map(Ident::to_string).collect();
        f.write_str(&words.join("::"))
    }
}
