use proc_macro2::{Group, Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use secrets_spec::TextNode;

use crate::span::SourceSpan;

/// The constants of an expansion, for texts that only the compiler knows. Each path becomes one constant, so that a
/// path to anything but a text is one error. Each check becomes another constant, so that all invalid texts are
/// reported.
#[derive(Default)]
pub struct Constants {
    items: TokenStream,
    count: usize,
}

impl Constants {
    /// Returns the text as a literal, or the name of its constant.
    pub fn text(&mut self, text: &TextNode<SourceSpan>) -> TokenStream {
        match &text.known {
            Some(known) => {
                let literal = Literal::string(known);
                quote!(#literal)
            }
            None => self.named(&text.at, quote!(__secrets::Text)),
        }
    }

    /// Like [`text`](Self::text), but also adds the runtime's check of this name if the text is not known.
    pub fn checked(&mut self, text: &TextNode<SourceSpan>, check: &str) -> TokenStream {
        let name = self.text(text);
        if text.known.is_none() {
            self.check(&text.at, check, quote!(#name));
        }
        name
    }

    /// Adds a constant of type `Secret` with its check, and returns its name.
    pub fn secret(&mut self, at: &SourceSpan) -> TokenStream {
        let name = self.named(at, quote!(__secrets::Secret));
        self.check(at, "check_request", quote!(&#name));
        name
    }

    /// Adds a call of a check. The compiler evaluates it and reports a failure at this span.
    pub fn check(&mut self, at: &SourceSpan, check: &str, arguments: TokenStream) {
        let check = Ident::new(check, at.start);
        let mut call = Group::new(proc_macro2::Delimiter::Parenthesis, arguments);
        call.set_span(at.end);
        let path = quote_spanned!(at.start=> __secrets::#check);
        self.items.extend(quote!(const _: () = #path #call;));
    }

    /// Adds an item.
    pub fn add(&mut self, item: TokenStream) {
        self.items.extend(item);
    }

    /// Returns all items.
    pub fn into_tokens(self) -> TokenStream {
        self.items
    }

    fn named(&mut self, at: &SourceSpan, ty: TokenStream) -> TokenStream {
        let name = format_ident!("__SECRETS_{}", self.count, span = Span::mixed_site());
        self.count += 1;
        let path = at.path.clone().unwrap_or_default();
        self.items.extend(quote!(const #name: #ty = #path;));
        quote!(#name)
    }
}
