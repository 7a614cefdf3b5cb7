use proc_macro2::{Span, TokenStream};

/// The span of a node, from its first to its last token, and its tokens if it is a path to a `const`.
#[derive(Debug, Clone)]
pub struct SourceSpan {
    /// The span of its first token.
    pub start: Span,
    /// The span of its last token.
    pub end: Span,
    /// The path, if it is one.
    pub path: Option<TokenStream>,
}

impl SourceSpan {
    /// Returns the span of one token.
    pub fn of(span: Span) -> Self {
        Self { start: span, end: span, path: None }
    }

    /// Returns the span from one token to another.
    pub fn between(start: Span, end: Span) -> Self {
        Self { start, end, path: None }
    }

    /// Returns the span of these tokens, or of the attribute if there are none.
    pub fn of_tokens(tokens: TokenStream) -> Self {
        let mut spans = tokens.into_iter().map(|tree| tree.span());
        let start = spans.next().unwrap_or_else(Span::call_site);
        Self::between(start, spans.last().unwrap_or(start))
    }
}
